"""Models of an MLServer repository, asked as its clients ask: outputs are called as scikit-learn's methods, inputs anything."""

import json

import joblib
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from harness.server import wait_for

X, Y = load_iris(return_X_y=True)
ROWS = X[::20]
MODELS = {
    "classifier": LogisticRegression(max_iter=500).fit(X, Y),
    "strings": LogisticRegression(max_iter=500).fit(X, np.array(["a", "b", "c"])[Y]),
    "clusters": KMeans(3, n_init=2, random_state=0).fit(X),
    "scaler": StandardScaler().fit(X),
}


@pytest.fixture
def client(start_server, models):
    for name, model in {**MODELS, "proba": MODELS["classifier"]}.items():
        (models / name).mkdir()
        joblib.dump(model, models / name / "model.joblib")
        extra = {"extra": {"predict_fn": "predict_proba"}} if name == "proba" else {}
        (models / name / "model-settings.json").write_text(json.dumps({
            "name": name, "implementation": "mlserver_sklearn.SKLearnModel",
            "parameters": {"uri": "./model.joblib", "version": "v0.1.0", **extra}}))  # fmt: skip
    client = start_server("--model-repository", models).client()
    wait_for(lambda: client.get("/ready").status == 200, "the repository to be loaded")
    return client


def infer(client, model, *outputs, name="predict", datatype="FP64", content_type=None):
    tensor = {"name": name, "shape": list(ROWS.shape), "datatype": datatype, "data": ROWS.ravel().tolist()}
    if content_type:
        tensor["parameters"] = {"content_type": content_type}
    body = {"inputs": [tensor]}
    if outputs:
        body["outputs"] = [{"name": output} for output in outputs]
    return client.post(f"/v2/models/{model}/versions/v0.1.0/infer", body)


def answers(answer):
    """(name, datatype, values in their shape) of each output."""
    assert answer.status == 200, answer.body
    return [(o["name"], o["datatype"], np.array(o["data"]).reshape(o["shape"])) for o in answer.json["outputs"]]


@pytest.mark.parametrize("name, datatype", [("predict", "FP64"), ("anything", "FP32")])
def test_one_output_unless_others_are_asked_for(client, name, datatype):
    wanted = MODELS["classifier"].predict(ROWS)[:, None]
    [(output, kind, values)] = answers(infer(client, "classifier", name=name, datatype=datatype, content_type="np"))
    assert (output, kind) == ("predict", "INT64")
    np.testing.assert_array_equal(values, wanted)
    [(output, kind, values)] = answers(infer(client, "strings"))
    assert (output, kind) == ("predict", "BYTES") and values.tolist() == MODELS["strings"].predict(ROWS)[:, None].tolist()


@pytest.mark.parametrize("model, methods", [("classifier", ["predict_proba"]), ("classifier", ["predict", "predict_proba"]),
                                            ("clusters", ["transform"]), ("clusters", ["transform", "predict"]), ("scaler", ["transform"])])
def test_outputs_are_methods(client, model, methods):
    found = {name: values for name, _, values in answers(infer(client, model, *methods))}
    assert found.keys() == set(methods)
    for method in methods:
        wanted = np.asarray(getattr(MODELS[model], method)(ROWS))
        np.testing.assert_allclose(found[method], wanted.reshape(len(ROWS), -1), rtol=1e-9)


def test_settings_may_choose_the_method(client):
    [(output, _, values)] = answers(infer(client, "proba"))
    assert output == "predict_proba"
    np.testing.assert_allclose(values, MODELS["classifier"].predict_proba(ROWS), rtol=1e-9)


def test_methods_that_are_not_there(client):
    refused = infer(client, "classifier", "transform")
    assert refused.status == 400 and "unexpected inference output 'transform' for model 'classifier'" in refused.json["error"]
