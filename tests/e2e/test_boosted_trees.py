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
