"""Everything of the Open Inference Protocol's REST API but inference, with Triton's own client."""

import json

import numpy as np
import pytest
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

from harness.backend import TEST_BACKEND, write
from harness.server import DIGITS, FIXTURES, wait_for


@pytest.fixture
def server(start_server, models):
    return start_server("--backend-dir", TEST_BACKEND, roots=[models, FIXTURES, DIGITS])


@pytest.fixture
def triton(server):
    with http.InferenceServerClient(f"127.0.0.1:{server.port}") as triton:
        yield triton


def double(triton, model, value=1.0, **keys):
    given = http.InferInput("x", [1, 1], "FP32")
    given.set_data_from_numpy(np.array([[value]], dtype=np.float32))
    return float(triton.infer(model, [given], **keys).as_numpy("y")[0][0])


def test_server(triton):
    assert triton.is_server_live() and triton.is_server_ready()
    metadata = triton.get_server_metadata()
    assert metadata["name"] == "triton"
    assert {"model_repository", "statistics", "model_configuration", "trace", "logging"} <= set(metadata["extensions"])


def test_server_name(start_server, models):
    server = start_server("--server-name", "plinth", roots=[models])
    assert server.client().get("/v2").json["name"] == "plinth"


def test_metadata_and_configuration(triton, server):
    server.client().deploy("simple", FIXTURES / "models" / "onnx" / "add_sub.onnx", config={"batch_size": 8, "batch_timeout_ms": 2})
    assert triton.is_model_ready("simple") and triton.is_model_ready("simple", "1")
    assert not triton.is_model_ready("simple", "2") and not triton.is_model_ready("nobody")
    metadata = triton.get_model_metadata("simple")
    assert metadata["platform"] == "onnxruntime_onnx" and metadata["versions"] == ["v1"]
    assert {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 16]} in metadata["inputs"]
    config = triton.get_model_config("simple", "1")
    assert config["max_batch_size"] == 8 and config["backend"] == "onnxruntime"
    assert [tensor["dims"] for tensor in config["input"]] == [[16], [16]]
    assert config["input"][0]["data_type"] == "TYPE_INT32"
    assert config["dynamic_batching"]["max_queue_delay_microseconds"] == 2000
    with pytest.raises(InferenceServerException, match="Request for unknown model: 'nobody' is not found"):
        triton.get_model_metadata("nobody")


def test_statistics(triton, server, models):
    server.client().deploy("m", write(models))
    for _ in range(3):
        double(triton, "m")
    with pytest.raises(InferenceServerException):
        triton.infer("m", [])
    (statistics,) = triton.get_inference_statistics("m")["model_stats"]
    assert statistics["inference_count"] == statistics["execution_count"] == 3
    stats = statistics["inference_stats"]
    assert stats["success"]["count"] == stats["queue"]["count"] == stats["compute_infer"]["count"] == 3
    assert stats["fail"]["count"] == 1
    assert stats["success"]["ns"] >= stats["queue"]["ns"] + stats["compute_infer"]["ns"]
    assert [batch["batch_size"] for batch in statistics["batch_stats"]] == [1]
    assert statistics["last_inference"] > 1_700_000_000_000
    everything = triton.get_inference_statistics()["model_stats"]
    assert [model["name"] for model in everything] == ["m"]
    with pytest.raises(InferenceServerException, match="requested model 'nobody' is not available"):
        triton.get_inference_statistics("nobody")


def test_model_control(triton, models):
    (models / "fresh" / "1").mkdir(parents=True)
    write(models / "fresh" / "1", "model", factor=4)
    assert {"name": "fresh"} in triton.get_model_repository_index()
    triton.load_model("fresh")
    assert triton.is_model_ready("fresh") and double(triton, "fresh") == 4
    assert {"name": "fresh", "version": "1", "state": "READY"} in triton.get_model_repository_index()
    triton.unload_model("fresh", unload_dependents=True)
    assert not triton.is_model_ready("fresh")
    entry = {"name": "fresh", "version": "1", "state": "UNAVAILABLE", "reason": "unloaded"}
    assert entry in triton.get_model_repository_index()
    triton.load_model("fresh")
    assert double(triton, "fresh") == 4
    with pytest.raises(InferenceServerException, match="failed to load 'nobody', failed to poll from model repository"):
        triton.load_model("nobody")


def test_what_is_there_is_loaded_again(triton, models):
    (models / "fresh" / "1").mkdir(parents=True)
    write(models / "fresh" / "1", "model", factor=4)
    triton.load_model("fresh")
    write(models / "fresh" / "1", "model", factor=5)
    (models / "fresh" / "2").mkdir()
    write(models / "fresh" / "2", "model", factor=6)
    triton.load_model("fresh")
    assert double(triton, "fresh", model_version="1") == 5
    assert double(triton, "fresh") == 6
    write(models / "fresh" / "2", "model", fail_load="it broke")
    with pytest.raises(InferenceServerException, match="load failed for model 'fresh': version 2 .* it broke"):
        triton.load_model("fresh")
    assert double(triton, "fresh") == 6, "what served before serves on"


def test_files_in_the_request(triton, server, models):
    config = json.dumps({"max_batch_size": 4, "backend": ""})
    triton.load_model("m", config=config, files={"file:1/model.testmodel": b"factor 3\n"})
    assert double(triton, "m") == 3
    assert triton.get_model_config("m")["max_batch_size"] == 4
    triton.load_model("m", config="{}", files={"file:2/model.testmodel": b"factor 7\n"})
    assert triton.get_model_metadata("m")["versions"] == ["2"], "the version that came before is gone"
    assert double(triton, "m") == 7
    onnx = (DIGITS / "cnn.onnx").read_bytes()
    triton.load_model("net", config="{}", files={"file:1/model.onnx": onnx})
    assert triton.get_model_metadata("net")["platform"] == "onnxruntime_onnx"
    assert len(list((models / ".plinth" / "uploads" / "m").iterdir())) == 1, "files go when nobody serves them"
    triton.unload_model("m")
    assert not (models / ".plinth" / "uploads" / "m").exists()
    for name in ("file:../1/x", "file:1/../../x", "file:1", "file:1/.hidden", "colour"):
        with pytest.raises(InferenceServerException):
            triton.load_model("m", config="{}", files={name: b"factor 3\n"})
    assert not triton.is_model_ready("m")
    assert server.client().get("/health").status == 200


def test_uploads_outlive_the_server(start_server, models, tmp_path):
    keys = {"roots": [models], "state": tmp_path / "state.db"}
    server = start_server("--backend-dir", TEST_BACKEND, **keys)
    with http.InferenceServerClient(f"127.0.0.1:{server.port}") as triton:
        triton.load_model("m", config="{}", files={"file:1/model.testmodel": b"factor 3\n"})
    server.terminate()
    stale = models / ".plinth" / "uploads" / "gone" / "1" / "1"
    stale.mkdir(parents=True)
    server = start_server("--backend-dir", TEST_BACKEND, **keys)
    with http.InferenceServerClient(f"127.0.0.1:{server.port}") as triton:
        wait_for(triton.is_server_ready, "the state to be restored")
        assert double(triton, "m") == 3
    wait_for(lambda: not stale.exists(), "what nobody serves to be removed")


def test_logging(triton, server):
    settings = triton.get_log_settings()
    assert settings == {"log_file": "", "log_info": True, "log_warning": True, "log_error": True,
                        "log_verbose_level": 0, "log_format": "default"}
    assert triton.update_log_settings({"log_info": False})["log_info"] is False
    client = server.client()
    client.deploy("quiet", DIGITS / "pipeline.joblib")
    assert "quiet" not in server.log()
    triton.update_log_settings({"log_info": True})
    client.deploy("loud", DIGITS / "pipeline.joblib")
    wait_for(lambda: "loud" in server.log(), "a line in the log")
    with pytest.raises(InferenceServerException, match="log file location can not be updated"):
        triton.update_log_settings({"log_file": "x"})


def test_trace_settings(triton, server):
    server.client().deploy("digits", DIGITS / "pipeline.joblib")
    assert triton.get_trace_settings()["trace_level"] == ["OFF"]
    triton.update_trace_settings("digits", {"trace_rate": "5", "trace_level": ["TIMESTAMPS"]})
    assert triton.get_trace_settings("digits")["trace_rate"] == "5"
    assert triton.get_trace_settings()["trace_rate"] == "1000"
    triton.update_trace_settings("digits", {"trace_rate": None, "trace_level": None})
    assert triton.get_trace_settings("digits")["trace_rate"] == "1000"


def test_paths(server):
    client = server.client()
    assert client.get("/v2/nothing").status == 404
    assert client.get("/v2/repository/index").status == 405
    assert client.send("POST", "/v2/repository/models/m/load", "[").json["error"]
    assert client.get("/v2/models/stats?x=1").status == 200
