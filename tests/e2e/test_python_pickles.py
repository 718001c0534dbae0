"""Pickles of scikit-learn and of others, unpickled and run by Python."""

import pickle
import warnings

import cloudpickle
import joblib
import numpy as np
import pandas
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from harness.python_models import client, server, start  # noqa: F401

X, Y = load_iris(return_X_y=True)
NAMES = load_iris().target_names
ROWS = X[::10]


@pytest.fixture(params=["process", "thread"])
def isolation(request):
    return request.param


@pytest.fixture
def deploy(client, models):  # noqa: F811
    def deploy(model, file="m.pkl", **config):
        path = models / file
        if file.endswith(".joblib"):
            joblib.dump(model, path, compress=3)
        else:
            path.write_bytes(cloudpickle.dumps(model))
        return client.deploy("m", path, engine="python", config=config)

    return deploy


def ask(client, rows, **keys):  # noqa: F811
    return client.predict("m", {"X": np.asarray(rows).tolist()}, **keys).outputs


@pytest.mark.parametrize("file,function", [("m.pkl", lambda x: np.log1p(x)), ("m.joblib", np.log1p)], ids=["pickle", "joblib"])
def test_models_that_hold_functions(client, deploy, file, function):  # noqa: F811
    model = make_pipeline(FunctionTransformer(function), LogisticRegression(max_iter=1000)).fit(X, NAMES[Y])
    deploy(model, file)
    assert ask(client, ROWS)["label"] == model.predict(ROWS).tolist()
    assert np.allclose(ask(client, ROWS)["probabilities"], model.predict_proba(ROWS), 1e-12)
    inputs, outputs = (client.get("/models/m").json["versions"][0][key] for key in ("inputs", "outputs"))
    assert inputs[0]["shape"] == [-1, 4]
    assert {output["name"]: (output["datatype"], output["shape"]) for output in outputs} == {
        "label": ("BYTES", [-1]), "probabilities": ("FP64", [-1, 3])}


@pytest.mark.parametrize("method,output", [("predict_log_proba", "log_probabilities"), ("decision_function", "decision"),
                                           ("predict_proba", "probabilities"), ("predict", "label")])
def test_methods(client, deploy, method, output):  # noqa: F811
    model = LogisticRegression(max_iter=1000).fit(X, Y)
    description = deploy(model, options={"method": method})
    assert np.allclose(ask(client, ROWS), getattr(model, method)(ROWS), 1e-12)
    assert [spec["name"] for spec in client.get("/models/m").json["versions"][0]["outputs"]] == [output], description


def test_regressors_clusterers_transformers_and_texts(client, deploy):  # noqa: F811
    line = LinearRegression().fit(X, X[:, :2] * 2)
    deploy(line)
    assert np.allclose(ask(client, ROWS), line.predict(ROWS))
    client.delete("/models/m")
    groups = KMeans(3, n_init=1, random_state=0).fit(X)
    deploy(groups)
    assert ask(client, ROWS) == groups.predict(ROWS).tolist()
    client.delete("/models/m")
    scale = StandardScaler().fit(X)
    deploy(scale)
    assert np.allclose(ask(client, ROWS), scale.transform(ROWS))
    client.delete("/models/m")
    texts = ["good and true", "bad and false", "good", "bad"]
    model = make_pipeline(TfidfVectorizer(tokenizer=lambda text: text.split(), token_pattern=None), LogisticRegression())
    model.fit(texts, ["yes", "no", "yes", "no"])
    deploy(model)
    assert ask(client, texts)["label"] == ["yes", "no", "yes", "no"]


def test_several_targets(client, deploy):  # noqa: F811
    model = RandomForestClassifier(5, random_state=0).fit(X, np.stack([Y, Y == 1], 1))
    deploy(model)
    answer = ask(client, ROWS)
    assert answer["label"] == model.predict(ROWS).tolist()
    for i, expected in enumerate(model.predict_proba(ROWS)):
        assert np.allclose(answer[f"probabilities_{i}"], expected)


def test_named_columns_and_declared_ones(client, deploy):  # noqa: F811
    table = pandas.DataFrame({"size": X[:, 0], "color": np.where(X[:, 1] > 3, "red", "blue")})
    model = make_pipeline(ColumnTransformer([("one", OneHotEncoder(), ["color"]), ("same", "passthrough", ["size"])]),
                          FunctionTransformer(lambda x: x * 1), LogisticRegression(max_iter=1000)).fit(table, Y)
    deploy(model, inputs=[{"name": "size", "datatype": "FP64", "shape": [-1]}, {"name": "color", "datatype": "BYTES", "shape": [-1]}],
           outputs=[{"name": "label", "datatype": "INT64", "shape": [-1]}])
    rows = table[::10]
    answer = client.predict("m", {"size": rows["size"].tolist(), "color": rows["color"].tolist()})
    assert answer.outputs == model.predict(rows).tolist()
    client.delete("/models/m")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = LogisticRegression(max_iter=1000).fit(pandas.DataFrame(X, columns=list("abcd")), Y)
    deploy(named)
    assert ask(client, ROWS)["label"] == named.predict(pandas.DataFrame(ROWS, columns=list("abcd"))).tolist()


def test_what_is_refused(client, models, start):  # noqa: F811
    def refusal(content, **keys):
        (models / "bad.pkl").write_bytes(content)
        answer = client.try_deploy("bad", models / "bad.pkl", engine="python", **keys)
        return answer.status, answer.error["message"]

    status, message = refusal(pickle.dumps({"a": 1}))
    assert status == 422 and "holds a dict" in message
    status, message = refusal(pickle.dumps(StandardScaler().fit(X)), config={"options": {"method": "predict"}})
    assert status == 400 and "a StandardScaler has transform" in message
    assert refusal(b"\x80\x04cut short")[0] == 422
    status, message = refusal(b"cno_such_module\nthing\n.")
    assert status == 422 and "no_such_module" in message


def test_no_pickle_is_run_unless_allowed(start_server, models):
    (models / "m.pkl").write_bytes(pickle.dumps(LinearRegression().fit(X, Y)))
    answer = start_server(roots=[models]).client().try_deploy("m", models / "m.pkl", engine="python")
    assert answer.status == 403 and "is a program" in answer.error["message"]
