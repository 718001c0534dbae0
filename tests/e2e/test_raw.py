"""Predictions whose bodies and answers are plain bytes."""

import numpy as np
import pytest

from harness.client import Answer, Client
from harness.digits import IMAGES, assert_recorded, inputs_for
from harness.raw import RawConnection
from harness.server import Server

RAW = {"Content-Type": "application/octet-stream"}
WANTED = {"Accept": "application/octet-stream"}
ROWS = IMAGES.reshape(len(IMAGES), 64).astype("<f8")
IMAGE = IMAGES.reshape(-1, 1, 8, 8).astype("<f4")


def ask(client: Client, name: str, body: bytes, query: str = "", **headers: str) -> Answer:
    """A raw request; headers are written with '_' for '-'."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return client.send("POST", f"/predict/{name}" + (f"?{query}" if query else ""), body, {**RAW, **named})


def array_of(answer: Answer) -> np.ndarray:
    """A raw answer by what its headers say."""
    assert answer.status == 200, answer.body[:1000]
    assert answer.headers["content-type"] == "application/octet-stream"
    kind = {"FP32": "<f4", "FP64": "<f8", "INT64": "<i8", "BOOL": "?"}[answer.headers["plinth-datatype"]]
    shape = [int(size) for size in answer.headers["plinth-shape"].split(",")]
    return np.frombuffer(answer.body, kind).reshape(shape)


def test_raw_request_gives_the_frameworks_answers(client, pipeline, cnn):
    assert_recorded("pipeline.joblib", ask(client, pipeline, ROWS.tobytes()).outputs)
    assert_recorded("cnn.onnx", ask(client, cnn, IMAGE.tobytes()).outputs)


def test_raw_answer_is_the_json_answer(client, cnn):
    expected = np.array(client.predict(cnn, inputs_for("cnn.onnx")).outputs, "<f4")
    answer = ask(client, cnn, IMAGE.tobytes(), Accept="application/octet-stream")
    assert np.array_equal(array_of(answer), expected)
    assert (answer.headers["plinth-model"], answer.headers["plinth-version"]) == (cnn, "v1")
    assert "plinth-cached" not in answer.headers


def test_raw_answer_to_a_json_request(client, pipeline):
    body = {"inputs": inputs_for("pipeline.joblib"), "outputs": ["probabilities"]}
    answer = client.send("POST", f"/predict/{pipeline}", body, WANTED)
    expected = client.predict(pipeline, body["inputs"]).outputs["probabilities"]
    assert np.array_equal(array_of(answer), np.array(expected))


def test_outputs_are_chosen_in_the_query(client, pipeline):
    answer = ask(client, pipeline, ROWS[:3].tobytes(), "outputs=label", **WANTED)
    assert array_of(answer).shape == (3,) and answer.headers["plinth-datatype"] == "INT64"
    both = ask(client, pipeline, ROWS[:3].tobytes(), "outputs=label,probabilities").outputs
    assert set(both) == {"label", "probabilities"}
    assert isinstance(ask(client, pipeline, ROWS[:3].tobytes(), "outputs=label").outputs, list)


def test_no_rows(client, cnn):
    answer = ask(client, cnn, b"")
    assert answer.status in (200, 400)


def test_shape_by_header(client, name):
    client.deploy(name, "models/onnx/dynamic.onnx")  # y = |x|, FP32 [-1,-1,-1]
    values = np.arange(-12, 12, dtype="<f4")
    refused = ask(client, name, values.tobytes())
    assert refused.status == 400 and "Plinth-Shape" in refused.error["message"]
    answer = ask(client, name, values.tobytes(), Plinth_Shape="2,3,4", **WANTED)
    assert np.array_equal(array_of(answer), np.abs(values).reshape(2, 3, 4))


def test_chunked_body(server, cnn):
    """A body whose length is not announced, in pieces that cut through elements."""
    data = IMAGE[:2].tobytes()
    with RawConnection(server) as raw:
        raw.send(f"POST /predict/{cnn} HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
                 "Accept: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(data), 77):
            piece = data[start:start + 77]
            raw.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        raw.send("0\r\n\r\n")
        answer = raw.answer()
    assert answer.status == 200 and answer.headers["plinth-shape"] == "2,10"


def test_version_by_query_and_header(client, name):
    client.deploy(name, "cnn.onnx")
    client.deploy(name, "pipeline.joblib", version="v2")
    assert ask(client, name, IMAGE[:1].tobytes(), "version=v1").json["version"] == "v1"
    assert ask(client, name, IMAGE[:1].tobytes(), Plinth_Version="v1").json["version"] == "v1"
    assert ask(client, name, ROWS[:1].tobytes()).json["version"] == "v2"
    contradiction = ask(client, name, ROWS[:1].tobytes(), "version=v2", Plinth_Version="v1")
    assert contradiction.status == 400 and "Plinth-Version" in contradiction.error["message"]


REFUSED = {
    "not a whole row": (ROWS[0].tobytes() + b"1234", "", {}, 400, ["516 bytes", "multiple of 512", "[-1,64]"]),
    "a shape that does not fit the model": (ROWS[0].tobytes(), "", {"Plinth_Shape": "64"}, 400, ["[64]", "[-1,64]"]),
    "a shape that does not fit the body": (ROWS[0].tobytes(), "", {"Plinth_Shape": "2,64"}, 400, ["512 bytes", "1024"]),
    "a shape that is none": (ROWS[0].tobytes(), "", {"Plinth_Shape": "1x64"}, 400, ["1x64"]),
    "another type": (ROWS[0].tobytes(), "", {"Plinth_Datatype": "FP32"}, 400, ["FP32", "FP64"]),
    "unknown parameter": (ROWS[0].tobytes(), "output=label", {}, 400, ["'output'", "'outputs'"]),
    "unknown output": (ROWS[0].tobytes(), "outputs=lable", {}, 400, ["lable", "label"]),
    "unknown priority": (ROWS[0].tobytes(), "priority=urgent", {}, 400, ["urgent", "high, normal, low"]),
    "no timeout": (ROWS[0].tobytes(), "timeout_ms=0", {}, 400, ["86400000"]),
    "unknown version": (ROWS[0].tobytes(), "version=v77", {}, 404, ["v77"]),
    "several outputs, raw": (ROWS[0].tobytes(), "", WANTED, 400, ["label", "probabilities", "outputs"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(client, pipeline, case):
    body, query, headers, status, words = REFUSED[case]
    answer = ask(client, pipeline, body, query, **headers)
    assert answer.status == status, answer.body
    for word in words:
        assert word in answer.error["message"], answer.error


def test_several_inputs_and_strings_are_refused(client, name):
    client.deploy(name, "models/onnx/add_sub.onnx")
    several = ask(client, name, bytes(64))
    assert several.status == 400 and "INPUT0" in several.error["message"] and "JSON" in several.error["message"]
    client.deploy(name, "pipeline_strings.pkl", version="v2")
    body = {"inputs": inputs_for("pipeline.joblib", slice(0, 1)), "version": "v2"}
    label = client.get(f"/models/{name}/version/v2").json["outputs"][0]
    assert label["datatype"] == "BYTES"
    answer = client.send("POST", f"/predict/{name}", {**body, "outputs": [label["name"]]}, WANTED)
    assert (answer.status, answer.error["code"]) == (406, "NOT_ACCEPTABLE")


def test_json_is_the_default(client, cnn):
    for accept in ("*/*", "application/json, application/octet-stream", "application/octet-stream;q=0"):
        answer = ask(client, cnn, IMAGE[:1].tobytes(), Accept=accept)
        assert answer.headers["content-type"].startswith("application/json"), accept


def test_other_routes_take_no_raw_body(client):
    answer = client.send("POST", "/models", b"{}", RAW)
    assert (answer.status, answer.error["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_large_raw_body(server: Server, client, name):
    """32 MiB, which the budget of large bodies counts until the answer is given."""
    client.deploy(name, "models/onnx/dynamic.onnx")
    values = np.full(8 << 20, -1.5, "<f4")
    for _ in range(3):
        answer = ask(client, name, values.tobytes(), Plinth_Shape=f"1,1,{len(values)}", **WANTED)
        assert array_of(answer).min() == 1.5
