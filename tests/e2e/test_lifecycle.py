"""Start, readiness and the end of the process."""

import json
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness.backend import TEST_BACKEND, write
from harness.digits import assert_recorded, inputs_for
from harness.raw import RawConnection, request
from harness.server import BINARY, DIGITS, SANITIZED, wait_for

SLOW = [[1.0, 2.0]]


def test_health_and_ready(client):
    for path in ("/health", "/ready"):
        assert client.get(path).status == 200


def test_models_folder_is_loaded_at_start(start_server, models):
    (models / "digits" / "1").mkdir(parents=True)
    (models / "digits" / "10").mkdir()
    (models / "digits" / "9").mkdir()
    shutil.copy(DIGITS / "forest.joblib", models / "digits" / "1" / "m.joblib")
    shutil.copy(DIGITS / "pipeline.joblib", models / "digits" / "10" / "m.joblib")
    shutil.copy(DIGITS / "forest.pkl", models / "digits" / "9" / "m.pkl")
    shutil.copytree(DIGITS / "keras_savedmodel", models / "keras" / "v1")
    (models / "net").mkdir()
    shutil.copy(DIGITS / "cnn.onnx", models / "net" / "net.onnx")
    (models / "net" / "plinth.json").write_text(json.dumps({"config": {"timeout_ms": 777}}))
    shutil.copy(DIGITS / "cnn.pt", models / "torch.pt")
    (models / "broken").mkdir()
    (models / "broken" / "m.onnx").write_bytes(b"nonsense")
    (models / "README.txt").write_text("not a model\n")

    server = start_server("--models", models)
    client = server.client()
    assert client.get("/health").status == 200, "it answers while it loads"
    wait_for(lambda: client.get("/ready").status == 200, "ready")

    newest = client.predict("digits", inputs_for("pipeline.joblib"))
    assert newest.json["version"] == "10"
    assert_recorded("pipeline.joblib", newest.outputs)
    assert_recorded("forest.joblib", client.predict("digits", inputs_for("forest.joblib"), version="1").outputs)
    assert_recorded("keras_savedmodel", client.predict("keras", inputs_for("keras_savedmodel")).outputs)
    assert_recorded("cnn.onnx", client.predict("net", inputs_for("cnn.onnx")).outputs)
    assert_recorded("cnn.pt", client.predict("torch", inputs_for("cnn.pt")).outputs)
    (net,) = client.get("/models/net").json["versions"]
    assert net["config"]["timeout_ms"] == 777
    (broken,) = client.get("/models/broken").json["versions"]
    assert broken["state"] == "failed" and broken["error"]
    assert client.predict("broken", [[1]]).status == 503


def test_not_ready_until_the_folder_is_loaded(start_server, models):
    (models / "slow").mkdir()
    write(models / "slow", load_ms=3000)
    (models / "slow" / "plinth.json").write_text('{"engine": "test"}')
    shutil.copy(DIGITS / "pipeline.joblib", models / "quick.joblib")
    server = start_server("--models", models, "--backend-dir", TEST_BACKEND)
    client = server.client()
    first = client.get("/ready")
    assert (first.status, first.error["code"]) == (503, "UNAVAILABLE")
    wait_for(lambda: client.predict("quick", inputs_for("pipeline.joblib")).status == 200, "the quick model")
    wait_for(lambda: client.get("/models/slow").status == 200, "the slow model to show")
    assert client.get("/models/slow").json["versions"][0]["state"] in ("loading", "warming")
    assert_recorded("pipeline.joblib", client.predict("quick", inputs_for("pipeline.joblib")).outputs)
    assert client.predict("slow", SLOW).status == 503
    wait_for(lambda: client.get("/ready").status == 200, "ready")
    assert client.predict("slow", SLOW).outputs == [[2.0, 4.0]]


def test_sigterm_answers_what_is_in_flight(start_server, models):
    write(models, "slow", delay_ms=1000)
    server = start_server(roots=[models], *["--backend-dir", TEST_BACKEND])
    server.client().deploy("slow", "slow.testmodel")
    answers = []

    def ask():
        answers.append(server.client().predict("slow", SLOW))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    idle = RawConnection(server)
    server.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert server.process.wait(timeout=60) == 0
    assert [answer.outputs for answer in answers] == [[[2.0, 4.0]]] * 2
    assert {answer.headers.get("connection", "").lower() for answer in answers} == {"close"}
    assert idle.closed()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signal_ends_an_idle_server_at_once(start_server, name):
    server = start_server(roots=[DIGITS])
    client = server.client()
    for file in ("pipeline.joblib", "cnn.onnx", "cnn.pt", "keras_savedmodel"):
        client.deploy(file, file)
        client.predict(file, inputs_for(file))
    start = time.monotonic()
    server.process.send_signal(getattr(signal, name))
    assert server.process.wait(timeout=60) == 0
    assert time.monotonic() - start < 30
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()


@pytest.mark.skipif(SANITIZED, reason="an instrumented program waits for its threads to look for leaks")
def test_drain_has_an_end(start_server, models):
    write(models, "slow", delay_ms=20_000)
    server = start_server(roots=[models], *["--backend-dir", TEST_BACKEND, "--drain-seconds", "0.5"])
    server.client().deploy("slow", "slow.testmodel")
    raw = RawConnection(server)
    raw.send(request("POST", "/predict/slow", b'{"inputs": [[1]]}'))
    time.sleep(0.3)
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=60)
    assert time.monotonic() - start < 15


def test_taken_port_is_a_clear_error(server):
    result = subprocess.run([BINARY, "serve", "--port", str(server.port)], capture_output=True, text=True, timeout=60)
    assert result.returncode != 0
    assert str(server.port) in result.stderr and "in use" in result.stderr


def test_listens_on_ipv6(start_server):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    server = start_server(host="::1")
    with socket.create_connection(("::1", server.port), timeout=30) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_models_root_that_appears_later(start_server, models):
    later = models / "later"
    server = start_server(roots=[later])
    client = server.client()
    assert client.try_deploy("m", "pipeline.joblib").status == 404
    later.mkdir()
    shutil.copy(DIGITS / "pipeline.joblib", later)
    client.deploy("m", "pipeline.joblib")


def test_models_under_the_working_directory_by_default(start_server, models):
    shutil.copy(DIGITS / "pipeline.joblib", models)
    client = start_server(cwd=models.parent).client()
    client.deploy("m", "pipeline.joblib")
    assert client.try_deploy("n", DIGITS / "pipeline.joblib").status == 403


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what was freed for a while")
def test_memory_comes_back(start_server):
    """Deploying and removing again and again does not grow the process."""
    server = start_server(roots=[DIGITS])
    client = server.client()

    def turn():
        for file in ("pipeline.joblib", "forest.pkl", "cnn.onnx", "keras_savedmodel", "cnn.pt"):
            client.deploy("m", file)
            client.predict("m", inputs_for(file))
            client.delete("/models/m")

    for _ in range(5):
        turn()
    before = server.resident_kb()
    for _ in range(15):
        turn()
    assert server.resident_kb() - before < 100_000, "kB more after 15 turns"
