"""HTTP/2 with the clients that people use: curl, httpx, and the h2 library where a client has to vanish."""

import json
import os
import socket
import struct
import subprocess
import threading

import grpc
import h2.config
import h2.connection
import httpx
import pytest
from tritonclient.grpc import service_pb2

from harness.backend import TEST_BACKEND, write
from harness.metrics import scrape
from harness.server import wait_for

ROUNDS = int(os.environ.get("PLINTH_VANISH_ROUNDS", "3"))
CONNECTIONS, STREAMS = 16, 8


def curl(*arguments):
    result = subprocess.run(["curl", "-s", "-S", "-w", "\n%{http_version} %{http_code}", *arguments], capture_output=True,
                            text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    body, _, figures = result.stdout.rpartition("\n")
    return body, *figures.split()


@pytest.mark.parametrize("how", ["--http2-prior-knowledge", "--http2"])
def test_curl(server, how):
    body, version, status = curl(how, server.url + "/health")
    assert (version, status) == ("2", "200"), body
    document, version, status = curl("--http2-prior-knowledge", server.url + "/openapi.json")
    assert (version, status) == ("2", "200")
    assert json.loads(document)["openapi"]


def test_predictions_of_many_streams_at_once(start_server, tmp_path):
    write(tmp_path, "double")
    server = start_server("--backend-dir", TEST_BACKEND, roots=[tmp_path])
    server.client().deploy("double", "double.testmodel")
    with httpx.Client(base_url=server.url, http1=False, http2=True, timeout=60) as client:
        answer = client.post("/predict/double", json={"inputs": [[1.0, 2.0]]})
        assert answer.http_version == "HTTP/2"
        assert answer.json()["outputs"] == [[2.0, 4.0]]
        assert client.get("/models/none").status_code == 404
        assert client.post("/predict/double", content=b"x" * 100, headers={"content-type": "application/json"}).status_code == 400
        answers = {}

        def ask(i):
            answers[i] = client.post("/predict/double", json={"inputs": [[float(i), 0.0]]}).json()["outputs"]

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == {i: [[2.0 * i, 0.0]] for i in range(32)}


class Raw:
    """One connection of the h2 library, driven by hand."""

    def __init__(self, port, **config):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8", **config))
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def request(self, method, path, body=b"", **headers):
        stream = self.h2.get_next_available_stream_id()
        head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "test"), *headers.items()]
        self.h2.send_headers(stream, head, end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)
        self.flush()
        return stream


def test_requests_in_flight_are_answered_before_the_end(start_server, tmp_path):
    write(tmp_path, "slow", delay_ms=1000)
    server = start_server("--backend-dir", TEST_BACKEND, roots=[tmp_path])
    client = server.client()
    client.deploy("slow", "slow.testmodel")
    answers = []
    asking = threading.Thread(target=lambda: answers.append(
        curl("--http2-prior-knowledge", "-d", '{"inputs": [[1.0, 2.0]]}', server.url + "/predict/slow")))
    asking.start()
    wait_for(lambda: scrape(client).value("model_requests_in_flight", model="slow", version="v1") == 1, "the request to run")
    assert server.terminate() == 0
    asking.join()
    body, version, status = answers[0]
    assert (version, status) == ("2", "200")
    assert json.loads(body)["outputs"] == [[2.0, 4.0]]


def vanish(server, path, content, **headers):
    """One round: connections whose clients go while all of their requests are with the model."""
    connections = [Raw(server.port) for _ in range(CONNECTIONS)]
    for connection in connections:
        for _ in range(STREAMS):
            connection.request("POST", path, content, **headers)
    for i, connection in enumerate(connections):
        if i % 2:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset
        connection.socket.close()


def infer_message():
    """One row for the test backend's model, framed as gRPC has it."""
    request = service_pb2.ModelInferRequest(model_name="slow", raw_input_contents=[struct.pack("<2f", 1.0, 2.0)])
    request.inputs.add(name="x", datatype="FP32", shape=[1, 2])
    message = request.SerializeToString()
    return struct.pack(">BI", 0, len(message)) + message


@pytest.fixture
def slow_server(start_server, tmp_path):
    write(tmp_path, "slow", delay_ms=20)
    server = start_server("--backend-dir", TEST_BACKEND, roots=[tmp_path])
    server.client().deploy("slow", "slow.testmodel", config={"max_queue": 1000})
    yield server
    server.check()
    assert server.client().predict("slow", [[1.0, 2.0]]).outputs == [[2.0, 4.0]]


def test_clients_that_vanish(slow_server):
    for _ in range(ROUNDS):
        vanish(slow_server, "/predict/slow", b'{"inputs": [[1.0, 2.0]]}')
        slow_server.check()


def test_grpc_clients_that_vanish(slow_server):
    message = infer_message()
    with grpc.insecure_channel(f"127.0.0.1:{slow_server.port}") as channel:
        infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer", request_serializer=bytes, response_deserializer=bytes)
        assert infer(message[5:], timeout=60)
    headers = {"content-type": "application/grpc", "te": "trailers"}
    for _ in range(ROUNDS):
        vanish(slow_server, "/inference.GRPCInferenceService/ModelInfer", message, **headers)
        slow_server.check()


def test_http1_clients_that_vanish(slow_server):
    body = b'{"inputs": [[1.0, 2.0]]}'
    request = b"POST /predict/slow HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    for _ in range(ROUNDS):
        sockets = [socket.create_connection(("127.0.0.1", slow_server.port)) for _ in range(CONNECTIONS)]
        for connection in sockets:
            connection.sendall(request * STREAMS)
        for connection in sockets:
            connection.close()
        slow_server.check()
