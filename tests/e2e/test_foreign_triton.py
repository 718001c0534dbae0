"""Triton's model repositories, and MLServer's, served as they are."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from harness.backend import TEST_BACKEND, write
from harness.digits import assert_recorded, inputs_for
from harness.server import BINARY, DIGITS, wait_for

CNN = """
name: "cnn"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [ { name: "image" data_type: TYPE_FP32 dims: [ 1, 8, 8 ] } ]
output [ { name: "logits" data_type: TYPE_FP32 dims: [ 10 ] label_filename: "labels.txt" } ]
dynamic_batching { max_queue_delay_microseconds: 500 }
instance_group [ { count: 1 kind: KIND_GPU } ]
model_warmup [ { name: "w" batch_size: 4 count: 2
  inputs { key: "image" value { data_type: TYPE_FP32 dims: [ 1, 8, 8 ] random_data: true } } } ]
"""


def put(folder, file, version="1", name=None):
    (folder / version).mkdir(parents=True, exist_ok=True)
    source = DIGITS / file
    target = folder / version / (name or file)
    shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)


@pytest.fixture
def serve(start_server, models):
    def start(*arguments):
        server = start_server("--model-repository", models, "--backend-dir", TEST_BACKEND, "--watch-settle-ms", 50, *arguments)
        client = server.client()
        wait_for(lambda: client.get("/ready").status == 200, "the repository to be loaded")
        return server, client

    return start


def put_cnn(models, config=CNN, **keys):
    put(models / "cnn", "cnn.onnx", name="model.onnx", **keys)
    (models / "cnn" / "config.pbtxt").write_text(config)
    (models / "cnn" / "labels.txt").write_text("\n".join(f"digit {n}" for n in range(10)) + "\n")


def version_of(client, name):
    answer = client.get(f"/models/{name}")
    return answer.json["versions"][0] if answer.status == 200 else {}


def test_a_repository_of_every_kind(serve, models):
    put_cnn(models)
    put(models / "torch", "cnn.pt", name="model.pt")
    (models / "torch" / "config.pbtxt").write_text("""backend: "pytorch" max_batch_size: 16
      output { name: "OUTPUT__0" data_type: TYPE_FP32 dims: 10 }
      input { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 1, 8, 8 ] }""")
    put(models / "keras", "keras_savedmodel", name="model.savedmodel")
    put(models / "plain", "cnn.onnx", name="model.onnx")
    put(models / "sk", "pipeline.joblib")
    (models / "sk" / "model-settings.json").write_text(json.dumps({
        "name": "pipeline", "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./1/pipeline.joblib", "version": "v0.2"}}))
    (models / "ensemble" / "1").mkdir(parents=True)
    (models / "ensemble" / "config.pbtxt").write_text('platform: "ensemble"')
    server, client = serve()

    cnn = version_of(client, "cnn")
    assert cnn["version"] == "1" and cnn["engine"] == "onnxruntime"
    assert cnn["config"]["batch_size"] == 8 and cnn["config"]["batch_timeout_ms"] == 1 and cnn["config"]["instances"] == 1
    assert cnn["config"]["class_labels"]["logits"][3] == "digit 3"
    assert any("config.pbtxt:8: 'kind' counts as KIND_CPU" in warning for warning in cnn["warnings"]), cnn["warnings"]
    assert "config.pbtxt:8: 'kind' counts as KIND_CPU" in server.log()
    assert_recorded("cnn.onnx", client.predict("cnn", inputs_for("cnn.onnx")).outputs)
    assert_recorded("cnn.onnx", client.predict("plain", inputs_for("cnn.onnx")).outputs)
    assert_recorded("keras_savedmodel", client.predict("keras", inputs_for("keras_savedmodel")).outputs)
    assert version_of(client, "torch")["inputs"][0]["name"] == "INPUT__0"
    assert client.predict("torch", inputs_for("cnn.pt")).status == 200
    assert version_of(client, "pipeline")["version"] == "v0.2"
    outputs = client.predict("pipeline", inputs_for("pipeline.joblib")).outputs  # called as MLServer's clients know them
    assert_recorded("pipeline.joblib", {"label": np.ravel(outputs["predict"]).tolist(), "probabilities": outputs["predict_proba"]})
    ensemble = version_of(client, "ensemble")
    assert ensemble["state"] == "failed" and "must have an 'ensemble_scheduling' with steps" in ensemble["error"]

    answer = client.post("/v2/models/cnn/versions/1/infer", {
        "inputs": [{"name": "image", "datatype": "FP32", "shape": [1, 1, 8, 8], "data": inputs_for("cnn.onnx", slice(0, 1))}],
        "outputs": [{"name": "logits", "parameters": {"classification": 1}}]})
    assert answer.status == 200, answer.body
    assert ":digit " in answer.json["outputs"][0]["data"][0]


@pytest.mark.parametrize(("change", "error"), [
    (("dims: [ 1, 8, 8 ] }", "dims: [ 1, 9, 8 ] }"), ["'image' as FP32 [-1,1,9,8]", "FP32 [-1,1,8,8]"]),
    (('"image" data_type: TYPE_FP32', '"image" data_type: TYPE_INT32'), ["INT32", "but the model has FP32"]),
    (("dims: [ 10 ]", "dims: [ 1, 8, 8 ] dims: 10"), ["the output 'logits'"]),
    (("batch_size: 4", "batch_size: 4 inputs { key: 'x' value { data_type: TYPE_FP32 dims: 1 zero_data: true } }"), ["warm-up with 'w' failed"]),
    (("max_batch_size: 8", "max_batch: 8"), ["config.pbtxt:4:1: there is no field 'max_batch'"]),
])
def test_what_does_not_fit_is_refused(serve, models, change, error):
    put_cnn(models, CNN.replace(*change, 1))
    _, client = serve()
    version = version_of(client, "cnn")
    assert version["state"] == "failed" and all(part in version["error"] for part in error), version


def test_versions_and_changes_are_followed(serve, models):
    for version, factor in ("1", 3), ("2", 4):
        (models / "m" / version).mkdir(parents=True)
        write(models / "m" / version, "model", factor=factor)
    (models / "m" / "config.pbtxt").write_text('backend: "test"')
    _, client = serve("--watch", "auto")

    def versions():
        return [v["version"] for v in client.get("/models/m").json["versions"]]

    assert versions() == ["2"]
    (models / "m" / "config.pbtxt").write_text('backend: "test" version_policy { all {} }')
    wait_for(lambda: versions() == ["1", "2"], "both versions")
    (models / "m" / "config.pbtxt").write_text('backend: "test" version_policy { specific { versions: 1 } }')
    wait_for(lambda: versions() == ["1"], "only the first version")
    assert client.predict("m", [[1]]).json["outputs"] == [[3]]


def put_two(models):
    for name in "a", "b":
        (models / name / "1").mkdir(parents=True)
        write(models / name / "1", "model")
        (models / name / "config.pbtxt").write_text('backend: "test"')


def names(client):
    return [model["name"] for model in client.get("/models").json["models"]]


def test_explicit_control_loads_what_is_asked_for(serve, models):
    put_two(models)
    _, client = serve("--model-control-mode", "explicit", "--load-model", "b")
    assert names(client) == ["b"]


def test_all_may_be_asked_for(serve, models):
    put_two(models)
    _, client = serve("--model-control-mode=explicit", "--load-model=*")
    assert sorted(names(client)) == ["a", "b"]


def test_polling(serve, models):
    put_two(models)
    _, client = serve("--model-control-mode=poll", "--repository-poll-secs=0.05")
    shutil.rmtree(models / "a")
    wait_for(lambda: names(client) == ["b"], "the model to go")


def explain(*arguments):
    return subprocess.run([BINARY, "explain", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def test_explain_a_repository(models):
    put_cnn(models)
    result = explain(models, "--json")
    assert result.returncode == 0, result
    model, = json.loads(result.stdout)["models"]
    settings = model["settings"]
    file = models / "cnn" / "config.pbtxt"
    assert settings["batch_size"] == {"value": 8, "origin": f"{file}:4"}
    assert settings["batch_timeout_ms"] == {"value": 1, "origin": f"{file}:7"}
    assert settings["engine"] == {"value": "onnxruntime", "origin": f"{file}:3"}
    assert settings["framework"] == {"value": "onnx", "origin": "inferred"}
    assert settings["timeout_ms"] == {"value": 30000, "origin": "default"}
    assert len(settings["class_labels"]["value"]["logits"]) == 10
    assert [w.split(": ")[0] for w in model["warnings"]] == [f"{file}:7", f"{file}:8"]
    assert "  batch_size             8" in explain(models).stdout

    (models / "cnn" / "config.pbtxt").write_text("max_batch_size: x")
    result = explain(models)
    assert result.returncode == 1 and f"problem: {file}:1:1: 'max_batch_size' is x" in result.stdout, result


def test_explain_a_folder_of_models(models):
    shutil.copy(DIGITS / "cnn.onnx", models / "cnn.onnx")
    (models / "m" / "v2").mkdir(parents=True)
    shutil.copy(DIGITS / "pipeline.joblib", models / "m" / "v2")
    (models / "m" / "plinth.json").write_text('{"framework": "sklearn",\n "config": {"threads": 3, "batch_size": 5}}')
    (models / "m" / "v2" / "plinth.json").write_text('{"config": {\n "batch_size": 6,\n "options": {"method": "predict"}}}')
    result = explain(models, "--json")
    assert result.returncode == 0, result
    by_name = {m["name"]: m["settings"] for m in json.loads(result.stdout)["models"]}
    assert by_name["cnn"]["engine"] == {"value": "onnxruntime", "origin": "inferred"}
    m = by_name["m"]
    assert m["framework"]["origin"] == f"{models}/m/plinth.json:1"
    assert m["batch_size"] == {"value": 6, "origin": f"{models}/m/v2/plinth.json:2"}
    assert m["options.method"] == {"value": "predict", "origin": f"{models}/m/v2/plinth.json:3"}
    assert m["threads"] == {"value": 0, "origin": "default"}
    assert explain(models / "missing").returncode == 1
