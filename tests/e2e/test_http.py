"""HTTP/1.1 to the letter, by raw sockets."""

import json
import time

import pytest

from harness.digits import assert_recorded, inputs_for
from harness.raw import Closed, RawConnection, request

BODY = json.dumps({"inputs": inputs_for("pipeline.joblib", slice(0, 1))}).encode()


@pytest.fixture
def raw(server):
    with RawConnection(server) as connection:
        yield connection


def predict_bytes(pipeline, body=BODY, headers=()):
    return request("POST", f"/predict/{pipeline}", body, headers)


def assert_right(answer):
    assert answer.status == 200, answer
    assert_recorded("pipeline.joblib", json.loads(answer.body)["outputs"], slice(0, 1))


def code_of(answer):
    return json.loads(answer.body)["error"]["code"]


def test_keep_alive(raw, pipeline):
    for _ in range(50):
        raw.send(predict_bytes(pipeline))
        assert_right(raw.answer())


def test_connection_close_is_honoured(raw, pipeline):
    raw.send(predict_bytes(pipeline, headers=[("Connection", "close")]))
    answer = raw.answer()
    assert_right(answer)
    assert answer.headers["connection"].lower() == "close"
    assert raw.closed()


def test_http_1_0_closes_unless_asked(server, pipeline):
    with RawConnection(server) as raw:
        raw.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert raw.answer().status == 200
        assert raw.closed()
    with RawConnection(server) as raw:
        for _ in range(2):
            raw.send(b"GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert raw.answer().status == 200


def test_pipelined_answers_come_in_order(raw, pipeline, cnn):
    """A slow request before quick ones: the answers keep the order of the requests."""
    images = json.dumps({"inputs": inputs_for("cnn.onnx")}).encode()
    batch = []
    for _ in range(10):
        batch += [request("POST", f"/predict/{cnn}", images), request("GET", "/health"), predict_bytes(pipeline),
                  request("GET", "/nothing")]
    raw.send(b"".join(batch))
    for _ in range(10):
        assert json.loads(raw.answer().body)["model"] == cnn
        assert raw.answer().status == 200
        assert_right(raw.answer())
        assert raw.answer().status == 404


def test_request_in_single_bytes(raw, pipeline):
    for byte in predict_bytes(pipeline):
        raw.send(bytes([byte]))
    assert_right(raw.answer())


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunked_body(raw, pipeline, size):
    raw.send(f"POST /predict/{pipeline} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(BODY), size):
        piece = BODY[start:start + size]
        raw.send(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece))
    raw.send(b"0\r\nTrailer: x\r\n\r\n")
    assert_right(raw.answer())
    raw.send(request("GET", "/health"))
    assert raw.answer().status == 200


def test_expect_100_continue(raw, pipeline):
    head, _, body = predict_bytes(pipeline, headers=[("Expect", "100-continue")]).partition(b"\r\n\r\n")
    raw.send(head + b"\r\n\r\n")
    assert raw.answer().status == 100
    raw.send(body)
    assert_right(raw.answer())


def test_expect_is_refused_before_the_body(raw, pipeline):
    raw.send(f"POST /predict/{pipeline} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**10}\r\nExpect: 100-continue\r\n\r\n")
    answer = raw.answer()
    assert (answer.status, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("path, status, message", [
    ("/v2/models/x/infer", 400, "The input size exceeds the maximum allowed value: the body is over the limit of 67108864 bytes"),
    ("/v1/models/x:predict", 413, "the body is over the limit of 67108864 bytes")])
def test_a_refusal_is_worded_as_the_path_s_protocol_does(raw, path, status, message):
    raw.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**10}\r\n\r\n")
    answer = raw.answer()
    assert (answer.status, json.loads(answer.body)) == (status, {"error": message})


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/models", "/models/pipeline", "/openapi.json"])
def test_head_is_get_without_the_body(raw, pipeline, path):
    raw.send(request("HEAD", path) + request("GET", path))
    head, get = raw.answer(head_only=True), raw.answer()
    assert head.status == get.status == 200
    assert head.headers["content-type"] == get.headers["content-type"]
    if path not in ("/metrics", "/models/pipeline", "/models"):  # these change from one to the next
        assert head.headers["content-length"] == get.headers["content-length"]


def test_post_without_length(raw, pipeline):
    raw.send(f"POST /predict/{pipeline} HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = raw.answer()
    assert (answer.status, code_of(answer)) == (411, "LENGTH_REQUIRED")


def test_body_over_the_limit(raw, pipeline):
    raw.send(f"POST /predict/{pipeline} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {64 * 2**20 + 1}\r\n\r\n")
    answer = raw.answer()
    assert (answer.status, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.headers["connection"].lower() == "close"


def test_chunked_body_over_the_limit(raw, pipeline):
    raw.send(f"POST /predict/{pipeline} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    try:
        for _ in range(66):
            raw.send(piece)
    except OSError:
        pass  # the server may close while more is being sent
    try:
        answer = raw.answer()
    except (Closed, OSError):
        return
    assert (answer.status, code_of(answer)) == (413, "PAYLOAD_TOO_LARGE")


def test_body_at_the_limit_is_read(raw, pipeline):
    """64 MiB of white space around a valid request."""
    raw.send(predict_bytes(pipeline, BODY + b" " * (64 * 2**20 - len(BODY))))
    assert_right(raw.answer())


@pytest.mark.parametrize("headers", [
    [("X-Long", "x" * 100_000)], [(f"X-{i}", "v" * 100) for i in range(2000)]], ids=["one long", "many"])
def test_headers_too_large(raw, headers):
    try:
        raw.send(request("GET", "/health", headers=headers))
    except OSError:
        pass
    answer = raw.answer()
    assert (answer.status, code_of(answer)) == (431, "HEADERS_TOO_LARGE")


def test_long_request_line(raw):
    try:
        raw.send(request("GET", "/" + "a" * 100_000))
    except OSError:
        pass
    assert raw.answer().status in (414, 431)


MALFORMED = {
    "nonsense": b"nonsense\r\n\r\n",
    "no version": b"GET /health\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two lengths": b"POST /models HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunked": b"POST /models HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST /models HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n{}",
    "length not a number": b"POST /models HTTP/1.1\r\nHost: x\r\nContent-Length: 2x\r\n\r\n{}",
    "huge length": b"POST /models HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
    "bad chunk size": b"POST /models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk size overflow": b"POST /models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "folded header": b"GET /health HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "space before the colon": b"GET /health HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
    "NUL in a header": b"GET /health HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
    "space in the path": b"GET /hea lth HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_request(raw, case):
    raw.send(MALFORMED[case])
    answer = raw.answer()
    assert answer.status in (400, 413, 505), answer
    assert code_of(answer) in ("INVALID_ARGUMENT", "PAYLOAD_TOO_LARGE", "UNIMPLEMENTED")
    assert raw.closed(), "what follows a malformed request cannot be trusted"


def test_unknown_transfer_encoding(raw):
    raw.send(b"POST /models HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")
    assert raw.answer().status in (400, 501)


def test_unknown_version(raw):
    raw.send(b"GET /health HTTP/2.7\r\nHost: x\r\n\r\n")
    assert raw.answer().status in (400, 505)


def test_unknown_method(raw):
    raw.send(request("BREW", "/models"))
    assert raw.answer().status in (405, 501)


def test_options(raw):
    raw.send(request("OPTIONS", "/models"))
    answer = raw.answer()
    assert answer.status == 204
    assert {"GET", "HEAD", "POST"} <= {m.strip() for m in answer.headers["allow"].split(",")}


def test_query_is_no_part_of_the_route(raw):
    raw.send(request("GET", "/health?x=/models"))
    assert raw.answer().status == 200


def test_common_headers(raw):
    raw.send(request("GET", "/health"))
    headers = raw.answer().headers
    assert headers["date"].endswith("GMT") and headers["content-length"] and headers["server"]


def test_client_that_leaves_early(server, client, pipeline):
    """Half requests and unread answers, then gone: the server goes on."""
    whole = predict_bytes(pipeline)
    for cut in (1, 20, len(whole) // 2, len(whole)):
        for _ in range(20):
            with RawConnection(server) as raw:
                raw.send(whole[:cut])
    assert client.predict(pipeline, inputs_for("pipeline.joblib", slice(0, 1))).status == 200


def test_many_idle_connections_do_not_disturb(server, client, pipeline):
    idle = [RawConnection(server) for _ in range(300)]
    try:
        start = time.monotonic()
        for _ in range(20):
            assert client.predict(pipeline, inputs_for("pipeline.joblib", slice(0, 1))).status == 200
        assert time.monotonic() - start < 60
    finally:
        for connection in idle:
            connection.socket.close()
