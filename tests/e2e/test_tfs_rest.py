"""TF Serving's REST API: what its clients send, what they get, and what each refusal says."""

import base64
import json

import pytest

from harness.backend import write
from harness.digits import LABELS, assert_recorded, inputs_for

TWO = slice(0, 2)


@pytest.fixture(scope="session")
def add_sub(session_server):
    client = session_server.client()
    client.deploy("tfs_add_sub", "models/onnx/add_sub.onnx")
    return "tfs_add_sub"


@pytest.fixture(scope="session")
def all_types(session_server):
    """One input and one output of every type, [2,2] each or open, passed through."""
    client = session_server.client()
    described = client.deploy("tfs_types", "models/onnx/all_types.onnx")
    return "tfs_types", described["inputs"]


def body_of(answer, status=200):
    """The JSON of an answer, which may hold NaN, as TF Serving's does."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)


def error_of(answer, status):
    body = body_of(answer, status)
    assert set(body) == {"error"}
    return body["error"]


def predict(client, model, body, version=""):
    return client.post(f"/v1/models/{model}{version}:predict", body)


def test_rows_and_columns_of_one_input(client, cnn):
    images = inputs_for("cnn.onnx", TWO)
    rows = body_of(predict(client, cnn, {"instances": images}))
    assert list(rows) == ["predictions"]
    named = body_of(predict(client, cnn, {"instances": [{"image": image} for image in images]}))
    columns = body_of(predict(client, cnn, {"signature_name": "serving_default", "inputs": images}))
    assert list(columns) == ["outputs"]
    assert named == rows and columns["outputs"] == rows["predictions"]
    by_name = body_of(predict(client, cnn, {"inputs": {"image": images}}))
    assert by_name == columns
    assert_recorded("cnn.onnx", rows["predictions"], TWO)


def test_several_outputs_are_objects(client, pipeline):
    rows = body_of(predict(client, pipeline, {"instances": inputs_for("pipeline.joblib", TWO)}))["predictions"]
    columns = body_of(predict(client, pipeline, {"inputs": inputs_for("pipeline.joblib", TWO)}))["outputs"]
    assert [row["label"] for row in rows] == columns["label"] == LABELS[TWO]
    assert [row["probabilities"] for row in rows] == columns["probabilities"]
    assert_recorded("pipeline.joblib", columns, TWO)


def test_several_inputs(client, add_sub):
    a, b = list(range(16)), [1] * 16
    rows = [{"INPUT0": a, "INPUT1": b}, {"INPUT1": a, "INPUT0": b}]
    answer = body_of(predict(client, add_sub, {"instances": rows}))["predictions"]
    assert answer[0] == {"OUTPUT0": [x + 1 for x in a], "OUTPUT1": [x - 1 for x in a]}
    assert answer[1]["OUTPUT1"] == [1 - x for x in a]
    columns = body_of(predict(client, add_sub, {"inputs": {"INPUT0": [a], "INPUT1": [b]}}))["outputs"]
    assert columns == {"OUTPUT0": [[x + 1 for x in a]], "OUTPUT1": [[x - 1 for x in a]]}


VALUES = {"BOOL": True, "BYTES": "a", "FP16": 0.5, "BF16": 0.5, "FP32": 1.5, "FP64": -2.25, "UINT64": 2**64 - 1, "INT64": -(2**63)}


def test_every_type_goes_in_and_out(client, all_types):
    name, inputs = all_types
    sent = {i["name"]: [[VALUES.get(i["datatype"], 7)] * 2] * 2 for i in inputs}
    got = body_of(predict(client, name, {"inputs": sent}))["outputs"]
    assert sorted(map(str, got.values())) == sorted(map(str, sent.values()))
    bytes_input = next(i["name"] for i in inputs if i["datatype"] == "BYTES")
    sent[bytes_input] = [[{"b64": base64.b64encode(b"hi").decode()}, "x"], ["", "\u00e9"]]
    got = body_of(predict(client, name, {"inputs": sent}))["outputs"]
    assert [["hi", "x"], ["", "\u00e9"]] in got.values()


def test_classes_and_values(client, pipeline):
    images = inputs_for("pipeline.joblib", TWO)
    feature = body_of(client.get(f"/v1/models/{pipeline}/metadata"))["metadata"]["signature_def"]["signature_def"]
    key = next(iter(feature["serving_default"]["inputs"]))
    examples = [{key: image} for image in images]
    results = body_of(client.post(f"/v1/models/{pipeline}:classify", {"examples": examples}))["results"]
    assert [[label for label, _ in row] for row in results] == [[str(label)] for label in LABELS[TWO]]
    probabilities = body_of(predict(client, pipeline, {"inputs": images}))["outputs"]["probabilities"]
    for row, (label, score) in zip(probabilities, (r[0] for r in results)):
        assert score == pytest.approx(max(row), rel=1e-6)
    context = {"context": {key: images[0]}, "examples": [{}, {key: images[1]}]}
    assert body_of(client.post(f"/v1/models/{pipeline}:classify", context))["results"] == results
    refused = client.post(f"/v1/models/{pipeline}:regress", {"examples": examples})
    assert "Expected regression signature method_name to be tensorflow/serving/regress" in error_of(refused, 400)


def test_metadata_describes_the_signatures(client, cnn):
    body = body_of(client.get(f"/v1/models/{cnn}/metadata"))
    assert body["model_spec"] == {"name": cnn, "signature_name": "", "version": "1"}
    signature = body["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["method_name"] == "tensorflow/serving/predict"
    image = signature["inputs"]["image"]
    assert image["dtype"] == "DT_FLOAT" and image["name"] == "image:0"
    assert image["tensor_shape"]["unknown_rank"] is False
    assert image["tensor_shape"]["dim"][0] == {"size": "-1", "name": ""}


def test_status_and_versions_and_labels(backend_server, models):
    client = backend_server.client()
    for version, factor in (("1", 1), ("v2", 2), ("canary", 3)):
        client.deploy("m", write(models, name=version, factor=factor), version=version)
    client.put("/models/m/traffic", {"labels": {"stable": "1"}})
    ok = {"error_code": "OK", "error_message": ""}
    status = body_of(client.get("/v1/models/m"))["model_version_status"]
    assert sorted(v["version"] for v in status) == ["1", "2", "canary"]
    assert all(v["state"] == "AVAILABLE" and v["status"] == ok for v in status)
    one = {"version": "1", "state": "AVAILABLE", "status": ok}
    for path in ("/v1/models/m/versions/1", "/v1/models/m/labels/stable", "/v1/Models/m/Versions/01"):
        assert body_of(client.get(path)) == {"model_version_status": [one]}

    def factor(version):
        return body_of(predict(client, "m", {"instances": [[1.0]]}, version))["predictions"][0][0]

    assert factor("/versions/1") == factor("/labels/stable") == 1
    assert factor("/versions/0") == factor("")  # OpenVINO Model Server's clients ask so for none
    assert client.get("/v1/models/m/versions/0").json == client.get("/v1/models/m").json
    assert factor("/versions/2") == factor("/labels/v2") == 2
    assert factor("/labels/canary") == 3
    assert body_of(client.get("/v1/models/m/versions/2/metadata"))["model_spec"]["version"] == "2"
    client.put("/models/m/traffic", {"versions": {"1": {"traffic": 1}}})
    assert factor("") == 1


def test_a_failed_version_tells_why(backend_server, models):
    client = backend_server.client()
    client.try_deploy("bad", write(models, name="bad", fail_load="it is broken"))
    status = body_of(client.get("/v1/models/bad"))["model_version_status"][0]
    assert status["state"] == "END" and status["status"]["error_code"] == "UNKNOWN"
    assert "it is broken" in status["status"]["error_message"]
    assert error_of(predict(client, "bad", {"instances": [[1]]}), 404) == "Servable not found for request: Latest(bad)"


def test_a_lazy_model_is_loaded_by_the_first_request(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models, name="m"), config={"lazy": True})
    assert body_of(client.get("/v1/models/m"))["model_version_status"][0]["state"] == "AVAILABLE"
    assert body_of(predict(client, "m", {"instances": [[2.0]]})) == {"predictions": [[4.0]]}


def test_numbers_look_as_tf_serving_writes_them(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models, name="m"))
    answer = predict(client, "m", '{"instances": [[1, 2.5], [NaN, -Infinity]]}')
    body_of(answer)
    assert answer.body == b'{"predictions":[[2.0,5.0],[NaN,-Infinity]]}'


def test_requests_are_counted_as_all_others(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models, name="m"))
    body_of(predict(client, "m", {"instances": [[1.0]]}))
    error_of(predict(client, "m", {"instances": 1}), 400)
    figures = client.get("/metrics").body.decode()
    assert 'model="m"' in figures
    failed = [line for line in figures.splitlines() if 'model="m"' in line and "INVALID_ARGUMENT" in line]
    assert failed and failed[0].endswith(" 1"), failed


REFUSALS = [
    # method, path, body, status, the error or a part of it
    ("GET", "/v1/foo", None, 400, "Malformed request: GET /v1/foo"),
    ("POST", "/v1/foo", "{}", 400, "Malformed request: POST /v1/foo"),
    ("GET", "/v1/models", None, 400, "Missing model name in request."),
    ("GET", "/v1/models/CNN:predict", None, 400, "Malformed request: GET /v1/models/CNN:predict"),
    ("POST", "/v1/models/foo/versions/HELLO:regress", "{}", 400, "Malformed request: POST"),
    ("POST", "/v1/models/foo/versions/18446744073709551615:predict", "{}", 400, "Failed to convert version"),
    ("GET", "/v1/models/none", None, 404, "Could not find any versions of model none"),
    ("GET", "/v1/models/CNN/versions/9", None, 404, "Could not find version 9 of model CNN"),
    ("GET", "/v1/models/CNN/labels/x", None, 400, "Unrecognized servable version label: x"),
    ("GET", "/v1/models/none/metadata", None, 404, "Servable not found for request: Latest(none)"),
    ("POST", "/v1/models/none:predict", '{"instances": [1]}', 404, "Servable not found for request: Latest(none)"),
    ("POST", "/v1/models/CNN/versions/9:predict", '{"instances": [1]}', 404,
     "Servable not found for request: Specific(CNN, 9)"),
    ("POST", "/v1/models/CNN/labels/x:predict", '{"instances": [1]}', 400, "Unrecognized servable version label: x"),
    ("POST", "/v1/models/CNN:predict", "", 400, "JSON Parse error: The document is empty"),
    ("POST", "/v1/models/CNN:predict", "instances = [1]", 400, "JSON Parse error: Invalid value. at offset: 0"),
    ("POST", "/v1/models/CNN:predict", "[]", 400, "Is not object"),
    ("POST", "/v1/models/CNN:predict", "{}", 400, "Missing 'inputs' or 'instances' key"),
    ("POST", "/v1/models/CNN:predict", '{"inputs": 1, "instances": [1]}', 400,
     "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"),
    ("POST", "/v1/models/CNN:predict", '{"signature_name": 1, "instances": [1]}', 400,
     "'signature_name' key must be a string value."),
    ("POST", "/v1/models/CNN:predict", '{"signature_name": "x", "instances": [1]}', 400,
     'Serving signature name: "x" not found in signature def'),
    ("POST", "/v1/models/CNN:predict", '{"instances": ["x"]}', 400, "is not of expected type: float"),
    ("POST", "/v1/models/CNN:predict", '{"instances": []}', 400, "No values in 'instances' array"),
    ("POST", "/v1/models/CNN:classify", "{}", 400, "key 'examples' is expected and was not found"),
    ("POST", "/v1/models/CNN:classify", '{"examples": [{}]}', 400,
     "Feature: image (data type: float) is required but could not be found."),
    ("POST", "/v1/models/CNN:classify", '{"signature_name": "x", "examples": [{}]}', 400, "Feature: image"),
    ("PUT", "/v1/models/CNN", "{}", 400, "Malformed request: PUT"),
]


@pytest.mark.parametrize("method, path, body, status, message", REFUSALS)
def test_refusals(client, cnn, method, path, body, status, message):
    answer = client.send(method, path.replace("CNN", cnn), body)
    assert message.replace("CNN", cnn) in error_of(answer, status)


def test_other_protocols_are_left_alone(client, cnn):
    assert client.get("/v1x").status == 404
    assert client.get("/models").status == 200
