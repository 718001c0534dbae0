"""Where the server listens, compressed bodies and web pages of other origins."""

import asyncio
import gzip
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import zlib

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from harness import backend
from harness.digits import assert_recorded, inputs_for
from harness.server import BINARY, DIGITS, wait_for

BODY = json.dumps({"inputs": inputs_for("pipeline.joblib", slice(0, 1))}).encode()
# As large as tests need answers to be.
MANY = json.dumps({"inputs": inputs_for("pipeline.joblib", slice(0, 1)) * 5000}).encode()


def ask(port, method, path, body=None, headers=(), connection=None):
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    return answer, answer.read()


def assert_right(body):
    assert_recorded("pipeline.joblib", json.loads(body)["outputs"], slice(0, 1))


# Ports and sockets.


def ports_in(log):
    return [int(port) for port in re.findall(r"listening on http://127.0.0.1:(\d+)", log)]


def test_several_ports(start_server):
    server = start_server("--http-port", "0", "--grpc-port", "0", "--metrics-port", "0")
    wait_for(lambda: "metrics at" in server.log(), "the last port")
    assert len(ports_in(server.log())) == 3
    for port in ports_in(server.log()):
        assert ask(port, "GET", "/health")[0].status == 200
    metrics = int(re.search(r"metrics at http://127.0.0.1:(\d+)/metrics", server.log())[1])
    answer, body = ask(metrics, "GET", "/metrics")
    assert answer.status == 200 and b"process_resident_memory_bytes" in body
    assert ask(metrics, "GET", "/health")[0].status == 404
    assert ask(metrics, "POST", "/models", b"{}")[0].status == 404


def test_a_port_that_is_taken_ends_the_start(start_server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError, match=f"127.0.0.1:{port} is already in use"):
            start_server("--metrics-port", port)


def test_one_port_may_be_named_for_several_protocols(start_server):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    server = start_server("--http-port", port, "--grpc-port", port)
    wait_for(lambda: ports_in(server.log()) == [server.port, int(port)], "both ports")
    assert ask(int(port), "GET", "/health")[0].status == 200


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


def test_unix_socket(start_server, tmp_path):
    path = tmp_path / "plinth.sock"
    server = start_server("--uds", path, roots=[DIGITS])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    connection = UnixConnection(path)
    answer, body = ask(None, "POST", "/models", json.dumps({"name": "p", "path": "pipeline.joblib"}), connection=connection)
    assert answer.status == 201, body
    answer, body = ask(None, "POST", "/predict/p", BODY, connection=connection)
    assert_right(body)
    assert server.terminate() == 0
    assert not path.exists()


def test_a_unix_socket_that_was_left_is_replaced(start_server, tmp_path):
    path = tmp_path / "plinth.sock"
    killed = start_server("--uds", path, "--uds-mode", "660")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    second = subprocess.run([BINARY, "serve", "--uds", path, "--no-state"], capture_output=True, text=True, timeout=60)
    assert second.returncode != 0 and "another process may be listening there" in second.stderr
    killed.kill()
    assert path.exists()
    start_server("--uds", path)
    assert ask(None, "GET", "/health", connection=UnixConnection(path))[0].status == 200


def test_an_empty_path_is_an_error(start_server):
    with pytest.raises(AssertionError, match="--uds is empty"):
        start_server("--uds", "")


def test_a_unix_socket_alone_opens_no_port(tmp_path):
    path = tmp_path / "plinth.sock"
    process = subprocess.Popen([BINARY, "serve", "--uds", path, "--no-state"], stderr=subprocess.PIPE, text=True)
    try:
        assert "listening on unix:" in process.stderr.readline()
        assert ask(None, "GET", "/health", connection=UnixConnection(path))[0].status == 200
        listening = subprocess.run(["cat", f"/proc/{process.pid}/net/tcp"], capture_output=True, text=True).stdout
        inodes = {os.stat(f"/proc/{process.pid}/fd/{fd}").st_ino for fd in os.listdir(f"/proc/{process.pid}/fd")}
        assert not [line for line in listening.splitlines()[1:] if int(line.split()[9]) in inodes]
    finally:
        process.terminate()
        process.wait(timeout=60)
        process.stderr.close()


# Slow readers.


def test_a_slow_reader_gets_all_of_a_binary_answer(backend_server, models):
    client = backend_server.client()
    client.deploy("m", backend.write(models))
    rows = np.arange(2_000_000, dtype=np.float32).reshape(20, 100_000)
    head = json.dumps({"inputs": [{"name": "x", "shape": rows.shape, "datatype": "FP32", "parameters": {"binary_data_size": rows.nbytes}}],
                       "parameters": {"binary_data_output": True}}).encode()
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(60)
        slow.connect(("127.0.0.1", backend_server.port))
        slow.sendall(b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     b"Inference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n" % (len(head), len(head) + rows.nbytes))
        slow.sendall(head + rows.tobytes())
        # Others are answered meanwhile.
        assert ask(backend_server.port, "GET", "/health")[0].status == 200
        answer = b"".join(iter(lambda: slow.recv(100_000), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer[:500]
    np.testing.assert_array_equal(np.frombuffer(answer[-rows.nbytes:], np.float32).reshape(rows.shape), rows * 2)


# Compression.


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_tritons_client_compresses_both_ways(backend_server, models, algorithm):
    client = backend_server.client()
    client.deploy("m", backend.write(models))
    rows = np.arange(6000, dtype=np.float32).reshape(6, 1000)
    given = triton.InferInput("x", list(rows.shape), "FP32")
    with triton.InferenceServerClient(f"127.0.0.1:{backend_server.port}") as asker:
        for binary in (True, False):
            given.set_data_from_numpy(rows, binary_data=binary)
            result = asker.infer("m", [given], request_compression_algorithm=algorithm, response_compression_algorithm=algorithm,
                                 outputs=[triton.InferRequestedOutput("y", binary_data=binary)])
            np.testing.assert_array_equal(result.as_numpy("y"), rows * 2)


def test_tritons_asyncio_client_reads_large_answers(backend_server, models):
    """It asks for compression with every request, and decompresses what models answer only."""
    client = backend_server.client()
    for i in range(40):
        client.deploy(f"m{i}", backend.write(models, f"m{i}"))
    rows = np.arange(6000, dtype=np.float32).reshape(6, 1000)
    given = triton.InferInput("x", list(rows.shape), "FP32")
    given.set_data_from_numpy(rows)

    async def ask():
        async with triton_aio.InferenceServerClient(f"127.0.0.1:{backend_server.port}") as asker:
            assert len(await asker.get_model_repository_index()) == 40
            assert (await asker.get_model_config("m1"))["name"] == "m1"
            assert len((await asker.get_inference_statistics())["model_stats"]) == 40
            np.testing.assert_array_equal((await asker.infer("m1", [given])).as_numpy("y"), rows * 2)
            with pytest.raises(InferenceServerException, match="is not found"):
                await asker.get_model_metadata("n" * 2000)

    asyncio.run(ask())


@pytest.mark.parametrize("coding, compress", [("gzip", gzip.compress), ("deflate", zlib.compress),
                                              ("deflate", lambda body: zlib.compress(body)[2:-4])],
                         ids=["gzip", "zlib", "raw"])
def test_compressed_requests(server, pipeline, coding, compress):
    answer, body = ask(server.port, "POST", f"/predict/{pipeline}", compress(BODY), {"Content-Encoding": coding})
    assert answer.status == 200, body
    assert_right(body)
    # So large that another thread decompresses it.
    answer, body = ask(server.port, "POST", f"/predict/{pipeline}", compress(MANY), {"Content-Encoding": coding})
    assert answer.status == 200 and len(json.loads(body)["outputs"]) > 0


@pytest.mark.parametrize("accepted, coding, decompress", [
    ("gzip, deflate", "gzip", gzip.decompress), ("deflate", "deflate", zlib.decompress),
    ("gzip;q=0.1, deflate;q=0.2", "deflate", zlib.decompress), ("br", None, bytes), ("identity, gzip;q=0.5", None, bytes)],
    ids=["both", "deflate", "weighed", "unknown", "identity"])
def test_compressed_answers(server, pipeline, accepted, coding, decompress):
    for request in (BODY, MANY, json.dumps({"inputs": inputs_for("pipeline.joblib", slice(0, 1)) * 200}).encode()):
        plain = ask(server.port, "POST", f"/predict/{pipeline}", request)[1]
        answer, body = ask(server.port, "POST", f"/predict/{pipeline}", request, {"Accept-Encoding": accepted})
        small = len(plain) <= 1024
        assert answer.getheader("Content-Encoding") == (None if small else coding)
        text = body if small else decompress(body)
        assert json.loads(text)["outputs"] == json.loads(plain)["outputs"]


def test_bombs(server, pipeline):
    path = f"/predict/{pipeline}"
    gzipped = {"Content-Encoding": "gzip"}
    answer, body = ask(server.port, "POST", path, gzip.compress(b"[" * 100_000_000), gzipped)
    assert answer.status == 413 and b"PAYLOAD_TOO_LARGE" in body
    answer, body = ask(server.port, "POST", path, gzip.compress(os.urandom(1 << 20) + b" " * (65 << 20), 1), gzipped)
    assert answer.status == 413 and b"67108864 bytes" in body
    answer, body = ask(server.port, "POST", path, gzip.compress(BODY)[:-9], gzipped)
    assert answer.status == 400 and b"ends early" in body
    assert_right(ask(server.port, "POST", path, BODY)[1])


def test_unknown_codings(server, pipeline):
    for path, status, text in ((f"/predict/{pipeline}", 415, b"UNSUPPORTED_MEDIA_TYPE"),
                               (f"/v2/models/{pipeline}/infer", 501, b'{"error":"Unsupported compression type"}')):
        answer, body = ask(server.port, "POST", path, BODY, {"Content-Encoding": "br"})
        assert answer.status == status and text in body
        assert answer.getheader("Accept-Encoding") == "gzip, deflate"


def test_compression_may_be_off(start_server):
    server = start_server("--no-compression")
    answer, body = ask(server.port, "GET", "/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.getheader("Content-Encoding") is None and len(body) > 1024


# Web pages.


def test_pages_of_other_origins(start_server):
    server = start_server("--cors", "https://app.example.com")
    origin = {"Origin": "https://app.example.com"}
    answer, _ = ask(server.port, "GET", "/health", headers=origin)
    assert answer.getheader("Access-Control-Allow-Origin") == "https://app.example.com"
    answer, body = ask(server.port, "OPTIONS", "/predict/x", headers={
        **origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
    assert answer.status == 204 and body == b""
    assert "POST" in answer.getheader("Access-Control-Allow-Methods")
    assert answer.getheader("Access-Control-Allow-Headers") == "content-type"
    answer, _ = ask(server.port, "GET", "/health", headers={"Origin": "https://other.example.com"})
    assert answer.getheader("Access-Control-Allow-Origin") is None


def test_by_default_pages_of_other_origins_get_nothing(server):
    answer, _ = ask(server.port, "GET", "/health", headers={"Origin": "https://app.example.com"})
    assert answer.getheader("Access-Control-Allow-Origin") is None
