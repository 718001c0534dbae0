"""Inference over the Open Inference Protocol's REST API, with Triton's own client."""

import asyncio
import json

import numpy as np
import pytest
import tritonclient.http as http
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, serialize_byte_tensor

from harness.digits import IMAGES, MODELS
from harness.server import DIGITS, FIXTURES

MODELS_OF_ALL = {
    "simple": FIXTURES / "models" / "onnx" / "add_sub.onnx",
    "all_types": FIXTURES / "models" / "onnx" / "all_types.onnx",
    "digits": DIGITS / "cnn.onnx",
    "strings": DIGITS / "pipeline_strings.pkl",
}


@pytest.fixture(scope="module")
def triton(session_server):
    client = session_server.client()
    for name, path in MODELS_OF_ALL.items():
        client.deploy(f"v2-{name}", path, config={"batch_size": 8})
    with http.InferenceServerClient(f"127.0.0.1:{session_server.port}", concurrency=4) as triton:
        yield triton
    for name in MODELS_OF_ALL:
        client.delete(f"/models/v2-{name}")


def tensor(name, array, binary=True, datatype=None):
    given = http.InferInput(name, list(array.shape), datatype or np_to_triton_dtype(array.dtype))
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def add_sub(binary=True, rows=2):
    first = np.arange(16 * rows, dtype=np.int32).reshape(rows, 16)
    second = np.full((rows, 16), 3, dtype=np.int32)
    return first, second, [tensor("INPUT0", first, binary), tensor("INPUT1", second, binary)]


@pytest.mark.parametrize("binary_in", [True, False])
@pytest.mark.parametrize("binary_out", [True, False, None])
def test_two_inputs_two_outputs(triton, binary_in, binary_out):
    first, second, inputs = add_sub(binary_in)
    outputs = None
    if binary_out is not None:
        outputs = [http.InferRequestedOutput(name, binary_data=binary_out) for name in ("OUTPUT0", "OUTPUT1")]
    result = triton.infer("v2-simple", inputs, outputs=outputs, request_id="42")
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
    answer = result.get_response()
    assert answer["id"] == "42"
    assert answer["model_name"] == "v2-simple"
    assert answer["model_version"] == "v1"


def test_only_wanted_outputs(triton):
    _, _, inputs = add_sub()
    result = triton.infer("v2-simple", inputs, outputs=[http.InferRequestedOutput("OUTPUT1")])
    assert [output["name"] for output in result.get_response()["outputs"]] == ["OUTPUT1"]


@pytest.mark.parametrize("version", ["", "1", "v1"])
def test_versions(triton, version):
    _, _, inputs = add_sub()
    assert triton.infer("v2-simple", inputs, model_version=version).get_response()["model_version"] == "v1"


NUMPY = {"BOOL": bool, "FP16": np.float16, "FP32": np.float32, "FP64": np.float64}


def raw_of(datatype, data):
    """The elements as the protocol's binary form has them."""
    if datatype == "BYTES":
        return serialize_byte_tensor(np.array([text.encode() for text in data], dtype=object)).item()
    if datatype == "BF16":
        return (np.array(data, np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()
    return np.array(data, NUMPY.get(datatype) or datatype.lower()).tobytes()


def test_every_type_binary(client, triton):
    cases = json.loads((FIXTURES / "models" / "onnx.json").read_text())["cases"]
    case = next(case for case in cases if case["file"].endswith("all_types.onnx"))
    raws = {given["name"]: raw_of(given["datatype"], given["data"]) for given in case["inputs"]}
    head = json.dumps({
        "inputs": [{"name": given["name"], "shape": given["shape"], "datatype": given["datatype"],
                    "parameters": {"binary_data_size": len(raws[given["name"]])}} for given in case["inputs"]],
        "parameters": {"binary_data_output": True},
    }).encode()
    answer = client.send("POST", "/v2/models/v2-all_types/infer", head + b"".join(raws.values()),
                         {"Inference-Header-Content-Length": str(len(head)), "Content-Type": "application/octet-stream"})
    assert answer.status == 200, answer.body
    size = int(answer.headers["inference-header-content-length"])
    at = size
    for output in json.loads(answer.body[:size])["outputs"]:
        raw = answer.body[at:at + output["parameters"]["binary_data_size"]]
        assert raw == raws[output["name"].replace("out_", "in_")], output["name"]
        at += len(raw)
    assert at == len(answer.body)


def test_strings_as_json_and_binary(triton):
    rows = IMAGES[:3].reshape(3, 64)
    for binary in (True, False):
        outputs = [http.InferRequestedOutput("label", binary_data=binary)]
        labels = triton.infer("v2-strings", [tensor("X", rows, binary)], outputs=outputs).as_numpy("label")
        recorded = next(o for o in MODELS["pipeline_strings.pkl"]["outputs"] if o["name"] == "label")["data"][:3]
        assert [label.decode() if isinstance(label, bytes) else label for label in labels] == recorded


def test_classification(triton):
    images = IMAGES[:2].reshape(2, 1, 8, 8).astype(np.float32)
    plain = triton.infer("v2-digits", [tensor("image", images)]).as_numpy("logits")
    for binary in (True, False):
        outputs = [http.InferRequestedOutput("logits", binary_data=binary, class_count=3)]
        classes = triton.infer("v2-digits", [tensor("image", images)], outputs=outputs).as_numpy("logits")
        assert classes.shape == (2, 3)
        for row, logits in zip(classes, plain):
            best = np.argsort(-logits)[:3]
            texts = [text.decode() if isinstance(text, bytes) else text for text in row]
            assert [int(text.split(":")[1]) for text in texts] == best.tolist()
            assert texts[0] == f"{logits[best[0]]:.6f}:{best[0]}"


def test_raw_binary_request(triton, client):
    image = IMAGES[0].reshape(1, 1, 8, 8).astype(np.float32)
    answer = client.send("POST", "/v2/models/v2-digits/infer", image.tobytes(),
                         {"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"})
    assert answer.status == 200, answer.body
    size = int(answer.headers["inference-header-content-length"])
    head = json.loads(answer.body[:size])
    assert head["outputs"][0]["shape"] == [1, 10]
    wanted = triton.infer("v2-digits", [tensor("image", image)]).as_numpy("logits")
    np.testing.assert_array_equal(np.frombuffer(answer.body[size:], np.float32), wanted[0])


def test_parameters_are_taken(triton):
    _, _, inputs = add_sub()
    result = triton.infer("v2-simple", inputs, sequence_id=7, sequence_start=True, priority=1, timeout=30_000_000,
                          parameters={"mine": "x", "count": 3, "on": True})
    assert result.get_response()["model_name"] == "v2-simple"
    assert triton.infer("v2-simple", inputs, sequence_id="a name").get_response()["model_name"] == "v2-simple"


def test_async_and_aio(triton, server):
    first, second, inputs = add_sub()
    pending = [triton.async_infer("v2-simple", inputs) for _ in range(8)]
    for request in pending:
        np.testing.assert_array_equal(request.get_result().as_numpy("OUTPUT0"), first + second)

    async def ask():
        async with aio.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            results = await asyncio.gather(*[client.infer("v2-simple", inputs) for _ in range(8)])
            for result in results:
                np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)

    asyncio.run(ask())


def refused(triton, inputs, model="v2-simple", **keys):
    with pytest.raises(InferenceServerException) as error:
        triton.infer(model, inputs, **keys)
    return error.value.status(), error.value.message()


def test_refusals_read_as_triton_words_them(triton):
    first, second, inputs = add_sub()
    status, message = refused(triton, inputs, model="nothing")
    assert status == "404" and message.startswith("Request for unknown model: 'nothing' is not found")
    status, message = refused(triton, inputs, model_version="9")
    assert status == "404" and message.startswith("Request for unknown model: 'v2-simple' version 9 is not found")
    assert refused(triton, inputs[:1], request_id="7") == ("400", (
        "[request id: 7] expected 2 inputs but got 1 inputs for model 'v2-simple'. Got input(s) ['INPUT0'], "
        "but missing required input(s) ['INPUT1']. Please provide all required input(s)."))
    wrong = [tensor("INPUT0", first.astype(np.float32)), inputs[1]]
    assert "inference input 'INPUT0' data-type is 'FP32', but model 'v2-simple' expects 'INT32'" in refused(triton, wrong)[1]
    short = [tensor("INPUT0", first[:, :15].copy()), inputs[1]]
    assert ("unexpected shape for input 'INPUT0' for model 'v2-simple'. Expected [-1,16], got [2,15]. "
            "NOTE: Setting a non-zero max_batch_size") in refused(triton, short)[1]
    uneven = [inputs[0], tensor("INPUT1", second[:1])]
    assert "input 'INPUT1' batch size does not match other inputs for 'v2-simple'" in refused(triton, uneven)[1]
    _, _, many = add_sub(rows=9)
    assert "inference request batch-size must be <= 8 for 'v2-simple'" in refused(triton, many)[1]
    compromised = tensor("INPUT0", first)
    compromised.set_shape([2, 16])
    compromised._raw_data = compromised._raw_data[:-4]
    compromised._parameters["binary_data_size"] -= 4
    assert ("input byte size mismatch for input 'INPUT0' for model 'v2-simple'. Expected 128, got 124"
            in refused(triton, [compromised, inputs[1]])[1])
    halves = http.InferInput("INPUT0", [2, 16], "FP16")
    halves._data = [0] * 32
    assert ("receiving FP16 data via JSON is not supported. Please use the binary data format for input INPUT0"
            in refused(triton, [halves, inputs[1]])[1])
