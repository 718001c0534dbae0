"""Every refusal has the right status and code and says what to do."""

import os

import pytest

from harness.digits import inputs_for
from harness.server import DIGITS

ROW = inputs_for("pipeline.joblib", slice(0, 1))

# POST /models: what is posted, the status, the code, words that the message must hold.
DEPLOYS = {
    "unknown key with the nearest": ({"name": "x", "path": "cnn.onnx", "framewrok": "onnx"}, 400, "INVALID_ARGUMENT", ["framewrok", "framework"]),
    "unknown config key": ({"name": "x", "path": "cnn.onnx", "config": {"batchsize": 3}}, 400, "INVALID_ARGUMENT", ["batchsize", "batch_size"]),
    "no name": ({"path": "cnn.onnx"}, 400, "INVALID_ARGUMENT", ["name"]),
    "no path": ({"name": "x"}, 400, "INVALID_ARGUMENT", ["path"]),
    "empty object": ({}, 400, "INVALID_ARGUMENT", ["name"]),
    "name not a string": ({"name": 3, "path": "cnn.onnx"}, 400, "INVALID_ARGUMENT", ["name", "string"]),
    "path not a string": ({"name": "x", "path": ["cnn.onnx"]}, 400, "INVALID_ARGUMENT", ["path", "string"]),
    "name with a slash": ({"name": "a/b", "path": "cnn.onnx"}, 400, "INVALID_ARGUMENT", ["a/b"]),
    "hidden name": ({"name": ".a", "path": "cnn.onnx"}, 400, "INVALID_ARGUMENT", [".a"]),
    "empty name": ({"name": "", "path": "cnn.onnx"}, 400, "INVALID_ARGUMENT", ["name"]),
    "long name": ({"name": "n" * 129, "path": "cnn.onnx"}, 400, "INVALID_ARGUMENT", ["128"]),
    "bad version": ({"name": "x", "path": "cnn.onnx", "version": "v 1"}, 400, "INVALID_ARGUMENT", ["version"]),
    "replace not a boolean": ({"name": "x", "path": "cnn.onnx", "replace": "yes"}, 400, "INVALID_ARGUMENT", ["replace"]),
    "config not an object": ({"name": "x", "path": "cnn.onnx", "config": 4}, 400, "INVALID_ARGUMENT", ["config"]),
    "batch size below zero": ({"name": "x", "path": "cnn.onnx", "config": {"batch_size": -1}}, 400, "INVALID_ARGUMENT", ["batch_size"]),
    "batch size text": ({"name": "x", "path": "cnn.onnx", "config": {"batch_size": "big"}}, 400, "INVALID_ARGUMENT", ["batch_size"]),
    "negative timeout": ({"name": "x", "path": "cnn.onnx", "config": {"timeout_ms": -1}}, 400, "INVALID_ARGUMENT", ["timeout_ms"]),
    "unknown framework": ({"name": "x", "path": "cnn.onnx", "framework": "caffe"}, 400, "INVALID_ARGUMENT", ["caffe", "onnx"]),
    "framework that does not fit": ({"name": "x", "path": "pipeline.joblib", "framework": "onnx"}, 400, "INVALID_ARGUMENT", ["onnx", "scikit-learn"]),
    "unknown engine": ({"name": "x", "path": "cnn.onnx", "engine": "tensorrt"}, 400, "INVALID_ARGUMENT", ["tensorrt", "onnxruntime"]),
    "engine that does not fit": ({"name": "x", "path": "cnn.onnx", "engine": "sklearn"}, 400, "INVALID_ARGUMENT", ["sklearn", "onnxruntime"]),
    "engine by a path": ({"name": "x", "path": "cnn.onnx", "engine": "../../evil"}, 400, "INVALID_ARGUMENT", ["evil"]),
    "nothing there": ({"name": "x", "path": "nothing.onnx"}, 404, "NOT_FOUND", ["nothing.onnx"]),
    "escape by dots": ({"name": "x", "path": "../digits/cnn.onnx"}, 403, "PERMISSION_DENIED", [".."]),
    "escape in the middle": ({"name": "x", "path": "keras_savedmodel/../cnn.onnx"}, 403, "PERMISSION_DENIED", [".."]),
    "outside by an absolute path": ({"name": "x", "path": "/etc/passwd"}, 403, "PERMISSION_DENIED", ["model root"]),
    "outside where nothing is": ({"name": "x", "path": "/etc/no-such-file"}, 403, "PERMISSION_DENIED", ["model root"]),
    "empty path": ({"name": "x", "path": ""}, 400, "INVALID_ARGUMENT", ["path"]),
    "NUL in the path": ({"name": "x", "path": "cnn.onnx\0.pkl"}, 400, "INVALID_ARGUMENT", ["path"]),
    "a folder of several models": ({"name": "x", "path": str(DIGITS)}, 422, "INVALID_MODEL", ["several"]),
    "not a model": ({"name": "x", "path": "README.md"}, 422, "INVALID_MODEL", ["README.md"]),
    "body is an array": ([1, 2], 400, "INVALID_ARGUMENT", ["object"]),
}


@pytest.mark.parametrize("case", DEPLOYS)
def test_refused_deploy(client, case):
    body, status, code, words = DEPLOYS[case]
    answer = client.post("/models", body)
    assert (answer.status, answer.error["code"]) == (status, code), answer.error
    for word in words:
        assert word in answer.error["message"], answer.error
    assert client.get("/models/x").status == 404, "a refused model leaves no trace"


@pytest.mark.parametrize("body", [b"", b"{", b"{\"name\":", b"nonsense", b"\xff\xfe", b"{\"name\": \"x\"} trailing", b"null"])
def test_malformed_deploy(client, body):
    answer = client.post("/models", body)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT")


def test_body_key_contradicts_the_path(client, name):
    answer = client.post(f"/models/{name}/version/v2", {"path": "cnn.onnx", "name": "other"})
    assert answer.status == 400 and "name" in answer.error["message"]
    assert client.get("/models/other").status == 404


def test_symlink_out_of_the_root(client, root, tmp_path):
    outside = tmp_path / "outside.joblib"
    outside.write_bytes((DIGITS / "pipeline.joblib").read_bytes())
    (root / "link.joblib").symlink_to(outside)
    answer = client.try_deploy("x", root / "link.joblib")
    assert (answer.status, answer.error["code"]) == (403, "PERMISSION_DENIED")


def test_symlink_out_of_the_root_by_a_folder(client, root, tmp_path):
    (root / "folder").symlink_to(tmp_path)
    (tmp_path / "m.joblib").write_bytes((DIGITS / "pipeline.joblib").read_bytes())
    assert client.try_deploy("x", root / "folder" / "m.joblib").status == 403


def test_symlink_out_of_the_root_inside_a_model(client, root, tmp_path):
    os.symlink(DIGITS / "keras_savedmodel" / "saved_model.pb", root / "saved_model.pb")
    (tmp_path / "variables").mkdir()
    os.symlink(tmp_path / "variables", root / "variables")
    assert client.try_deploy("x", root).status == 403


def test_symlink_within_the_roots_is_fine(client, name, root):
    (root / "link.joblib").symlink_to(DIGITS / "pipeline.joblib")
    client.deploy(name, root / "link.joblib")
    assert client.predict(name, ROW).status == 200


# method, path, body, headers, status, code
ROUTES = [
    ("GET", "/nothing", None, {}, 404, "NOT_FOUND"),
    ("GET", "/modells", None, {}, 404, "NOT_FOUND"),
    ("GET", "/models/", None, {}, 404, "NOT_FOUND"),
    ("GET", "/models/none", None, {}, 404, "NOT_FOUND"),
    ("GET", "/models/a%2Fb", None, {}, 400, "INVALID_ARGUMENT"),
    ("GET", "/models/a%zz", None, {}, 400, "INVALID_ARGUMENT"),
    ("DELETE", "/models/none", None, {}, 404, "NOT_FOUND"),
    ("DELETE", "/models/none/version/v1", None, {}, 404, "NOT_FOUND"),
    ("POST", "/predict/none", b'{"inputs": [[1]]}', {}, 404, "NOT_FOUND"),
    ("POST", "/predict/pipeline", b'{"inputs": [[1]], "version": "v77"}', {}, 404, "NOT_FOUND"),
    ("PUT", "/models", b"{}", {}, 405, "METHOD_NOT_ALLOWED"),
    ("DELETE", "/models", None, {}, 405, "METHOD_NOT_ALLOWED"),
    ("GET", "/predict/pipeline", None, {}, 405, "METHOD_NOT_ALLOWED"),
    ("POST", "/health", b"{}", {}, 405, "METHOD_NOT_ALLOWED"),
    ("PATCH", "/models/pipeline", b"{}", {}, 405, "METHOD_NOT_ALLOWED"),
    ("POST", "/models", b"name=x", {"Content-Type": "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("POST", "/predict/pipeline", b"<a/>", {"Content-Type": "application/xml"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
]


@pytest.mark.parametrize("method, path, body, headers, status, code", ROUTES,
                         ids=[f"{r[0]} {r[1]} {r[4]}" for r in ROUTES])
def test_routes(client, pipeline, method, path, body, headers, status, code):
    answer = client.send(method, path, body, headers)
    assert (answer.status, answer.error["code"]) == (status, code), answer.error
    if status == 405:
        assert answer.headers["allow"] and method not in answer.headers["allow"].split(", ")


def test_unknown_model_names_what_is_there(client, pipeline):
    assert "v1" in client.predict(pipeline, ROW, version="v77").error["message"]


def test_unknown_route_names_a_near_one(client):
    assert "/models" in client.get("/modells").error["message"]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON",
                                          "application/x-www-form-urlencoded"])
def test_content_types_that_are_taken(client, pipeline, content_type):
    answer = client.send("POST", f"/predict/{pipeline}", {"inputs": ROW}, {"Content-Type": content_type})
    assert answer.status == 200


def test_connection_survives_refusals(server, client, pipeline):
    for _ in range(20):
        assert client.post("/models", {"nme": 1}).status == 400
        assert client.predict(pipeline, ROW).status == 200
