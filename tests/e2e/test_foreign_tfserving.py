"""TF Serving's flags and configuration files, with its semantics."""

import shutil
import signal

import grpc
import pytest

from harness.backend import TEST_BACKEND, write
from harness.digits import assert_recorded, inputs_for
from harness.server import DIGITS, wait_for


def put(folder, **settings):
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, "model", **settings)


def config_of(*models):
    return "model_config_list {\n" + "".join(f"  config {{ {model} }}\n" for model in models) + "}\n"


@pytest.fixture
def serve(start_server):
    def start(*arguments):
        server = start_server("--backend-dir", TEST_BACKEND, "--file_system_poll_wait_seconds=1", *arguments)
        client = server.client()
        wait_for(lambda: client.get("/ready").status == 200, "the models to be loaded")
        return server, client

    return start


def versions(client, name):
    answer = client.get(f"/models/{name}")
    return [v["version"] for v in answer.json["versions"]] if answer.status == 200 else []


def test_one_model(serve, tmp_path):
    shutil.copytree(DIGITS / "keras_savedmodel", tmp_path / "keras" / "0001")
    server, client = serve("--model_name=keras", f"--model_base_path={tmp_path / 'keras'}", "--enable_model_warmup=true", "--num_load_threads", "2")
    assert versions(client, "keras") == ["1"]
    assert_recorded("keras_savedmodel", client.predict("keras", inputs_for("keras_savedmodel")).outputs)
    assert "--enable_model_warmup has no effect" in server.log()
    shutil.copytree(DIGITS / "keras_savedmodel", tmp_path / "keras" / "2")
    wait_for(lambda: versions(client, "keras") == ["2"], "the newest version")


def test_a_configuration_file_that_changes(serve, tmp_path):
    for version in "1", "2", "3":
        put(tmp_path / "a" / version, factor=int(version))
    put(tmp_path / "b" / "1", factor=9)
    file = tmp_path / "models.config"
    a = f'name: "a" base_path: "{tmp_path}/a"'
    b = f'name: "b" base_path: "{tmp_path}/b"'
    labels = 'version_labels { key: "stable" value: 1 } version_labels { key: "canary" value: 3 } version_labels { key: "next" value: 7 }'
    file.write_text(config_of(f"{a} model_version_policy {{ specific {{ versions: 1 versions: 3 }} }} {labels}"))
    server, client = serve("--model_config_file", file, "--model_config_file_poll_wait_seconds", "1")
    assert versions(client, "a") == ["1", "3"] and versions(client, "b") == []
    wait_for(lambda: client.get("/models/a/traffic").json["labels"] == {"stable": "1", "canary": "3"}, "the labels of ready versions")
    assert client.predict("a", [[1]], version="stable").json["outputs"] == [[1]]

    file.write_text("model_config_list { config {")
    wait_for(lambda: "what was configured stays" in server.log(), "the fault to be noticed")
    assert versions(client, "a") == ["1", "3"]

    file.write_text(config_of(f"{b}"))
    wait_for(lambda: versions(client, "b") == ["1"] and versions(client, "a") == [], "the other model in its place")
    file.write_text(config_of(b, f"{a} model_version_policy {{ all {{}} }} version_labels {{ key: 'stable' value: 2 }}"))
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: versions(client, "a") == ["1", "2", "3"], "all versions")
    wait_for(lambda: client.get("/models/a/traffic").json["labels"] == {"stable": "2"}, "the new label")


def test_batching_and_monitoring(serve, tmp_path):
    put(tmp_path / "m" / "1")
    (tmp_path / "batching").write_text("max_batch_size { value: 64 } batch_timeout_micros { value: 2000 } num_batch_threads { value: 2 } "
                                       "max_enqueued_batches { value: 10 } pad_variable_length_inputs: true")
    (tmp_path / "monitoring").write_text('prometheus_config { enable: true path: "/monitoring/prometheus/metrics" }')
    server, client = serve("--model_base_path", tmp_path / "m", "--enable_batching", "--batching_parameters_file", tmp_path / "batching",
                           "--monitoring_config_file", tmp_path / "monitoring")
    config = client.get("/models/default").json["versions"][0]["config"]
    assert (config["batch_size"], config["batch_timeout_ms"], config["instances"], config["max_queue"]) == (64, 2, 2, 640)
    assert "batching:1: 'pad_variable_length_inputs' has no effect" in server.log()
    metrics = client.get("/monitoring/prometheus/metrics")
    assert metrics.status == 200 and b"model_requests_total" in metrics.body
    assert client.get("/monitoring/prometheus").status == 404


def field(number, value):
    """A field of a protobuf message that holds text or a message, of less than 16 KiB."""
    value = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(value) % 128 | 128, len(value) // 128]) + value


def reload_request(*models):
    return field(1, field(1, b"".join(field(1, field(1, name) + field(2, str(path))) for name, path in models)))


def test_a_client_may_replace_what_is_served(serve, start_server, models):
    put(models / "a" / "1", factor=3)
    put(models / "b" / "7", factor=4)
    (models / "config").write_text(config_of('name: "a" base_path: "a"'))
    server, client = serve("--model_config_file", models / "config", "--model-root", models)
    assert versions(client, "a") == []  # "a" is relative to where the server runs

    def reload(server, *wanted):
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            call = channel.unary_unary("/tensorflow.serving.ModelService/HandleReloadConfigRequest")
            return call(reload_request(*wanted), timeout=60)

    assert reload(server, ("b", models / "b")) == b"\x0a\x00"
    assert versions(client, "b") == ["7"]
    assert reload(server, ("a", models / "a"), ("b", models / "b")) == b"\x0a\x00"
    assert versions(client, "a") == ["1"] and versions(client, "b") == ["7"]
    for wanted, code in [(("c", models / "c"), grpc.StatusCode.NOT_FOUND), (("", "x"), grpc.StatusCode.INVALID_ARGUMENT)]:
        with pytest.raises(grpc.RpcError) as refused:
            reload(server, wanted)
        assert refused.value.code() == code, refused.value
    with pytest.raises(grpc.RpcError) as refused:
        reload(start_server(), ("a", models / "a"))
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
