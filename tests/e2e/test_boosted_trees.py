"""Model files of XGBoost and LightGBM, which are known by what is in them: .json and .txt are names of much else."""

import json
import shutil

import numpy as np
import pytest

from harness.server import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "boosting"
FILES = {  # the file, what it is called where it is served, and its recorded answers
    "xgboost": ("xgboost-3.2.0/multiclass.model.json", "model.json", "multiclass", "probabilities"),
    "lightgbm": ("lightgbm-4.7.0/binary.txt", "model.txt", "binary-booster", "prediction"),
}


@pytest.mark.parametrize("framework", FILES)
def test_a_folder_with_the_model_alone(client, name, shared_root, framework):
    file, served_as, case, output = FILES[framework]
    folder = shared_root / name
    folder.mkdir()
    shutil.copy(FIXTURES / file, folder / served_as)
    described = client.deploy(name, folder)
    assert (described["framework"], described["engine"]) == (framework, "sklearn")
    recorded = json.loads(((FIXTURES / file).parent / (case + ".json")).read_text())
    whole = [row for row in range(len(recorded["X"])) if None not in recorded["X"][row]]
    outputs = client.predict(name, [recorded["X"][row] for row in whole]).outputs
    given = outputs[output] if isinstance(outputs, dict) else outputs  # a single output comes without its name
    np.testing.assert_allclose(given, [recorded[output][row] for row in whole], rtol=1e-6)


CATEGORIES = ROOT / "tests" / "fixtures" / "categories"
CASES = [(case.stem, file) for case in sorted(CATEGORIES.glob("*.json")) if case.suffixes == [".json"] for file in json.loads(case.read_text())["files"]]


@pytest.mark.parametrize("case, file", CASES)
def test_categories_are_given_by_name(client, name, shared_root, case, file):
    """In whatever order another table has them: as the libraries answer to rows of pandas."""
    recorded = json.loads((CATEGORIES / (case + ".json")).read_text())
    answer = "probabilities" if "probabilities" in recorded else "prediction"
    folder = shared_root / name
    folder.mkdir()
    shutil.copy(CATEGORIES / file, folder / file.replace(".model", ""))
    method = {"probabilities": "predict_proba", "prediction": "predict"}[answer]
    booster = not file.endswith(".pkl")
    described = client.deploy(name, folder / file.replace(".model", ""), config={} if booster else {"options": {"method": method}})
    assert [(given["name"], given["datatype"]) for given in described["inputs"]] == [("age", "FP64"), ("city", "BYTES"), ("size", "FP64"), ("rooms", "FP64")]
    wanted = np.asarray(recorded[answer])
    outputs = client.predict(name, recorded["rows"]).outputs
    given = outputs[answer] if isinstance(outputs, dict) and answer in outputs else outputs[next(iter(outputs))] if isinstance(outputs, dict) else outputs
    np.testing.assert_allclose(given, wanted, rtol=1e-6 if case.startswith("xgboost") else 1e-9)
    columns = {key: [row[key] for row in recorded["rows"]] for key in recorded["rows"][0]}
    assert client.predict(name, columns).outputs == outputs


def test_a_category_that_is_not_known(client, name):
    recorded = json.loads((CATEGORIES / "xgboost-partition.json").read_text())
    client.deploy(name, CATEGORIES / "xgboost-partition.pkl")
    for changed, shown in (({"city": "Mars"}, "'Mars'"), ({"size": 11}, "11")):
        answer = client.predict(name, [recorded["rows"][2] | changed])
        assert answer.status == 400 and shown in answer.error["message"], answer.body
    assert client.predict(name, [recorded["rows"][2]]).status == 200
