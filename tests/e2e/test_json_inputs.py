"""What `inputs` may look like, and what each refusal says."""

import base64
import json
import math
import struct

import numpy as np
import pytest

from harness.digits import IMAGES, assert_recorded, inputs_for

ONE = slice(0, 1)
ROW = inputs_for("pipeline.joblib", ONE)


@pytest.fixture(scope="session")
def add_sub(session_server):
    """INT32 [-1,16] twice in, their sum and difference out."""
    client = session_server.client()
    client.deploy("add_sub", "models/onnx/add_sub.onnx")
    return "add_sub"


@pytest.fixture(scope="session")
def all_types(session_server):
    """One input and one output of every type, [2,2] each or open, passed through."""
    client = session_server.client()
    described = client.deploy("all_types", "models/onnx/all_types.onnx")
    return "all_types", {i["name"]: i for i in described["inputs"]}


def test_nested_array_is_the_one_input(client, pipeline):
    assert_recorded("pipeline.joblib", client.predict(pipeline, ROW).outputs, ONE)


def test_a_single_row_is_a_batch_of_one(client, pipeline, cnn):
    assert_recorded("pipeline.joblib", client.predict(pipeline, ROW[0]).outputs, ONE)
    assert_recorded("cnn.onnx", client.predict(cnn, inputs_for("cnn.onnx", ONE)[0]).outputs, ONE)


def test_object_by_input_name(client, cnn):
    assert_recorded("cnn.onnx", client.predict(cnn, {"image": inputs_for("cnn.onnx")}).outputs)


def test_several_inputs_by_name_in_any_order(client, add_sub):
    a, b = list(range(16)), list(range(100, 116))
    for inputs in ({"INPUT0": [a], "INPUT1": [b]}, {"INPUT1": [b], "INPUT0": [a]}):
        outputs = client.predict(add_sub, inputs).outputs
        assert outputs == {"OUTPUT0": [[x + y for x, y in zip(a, b)]], "OUTPUT1": [[x - y for x, y in zip(a, b)]]}


def test_list_of_rows_for_several_inputs(client, add_sub):
    rows = [{"INPUT0": [i] * 16, "INPUT1": [1] * 16} for i in range(5)]
    outputs = client.predict(add_sub, rows).outputs
    assert outputs["OUTPUT0"] == [[i + 1] * 16 for i in range(5)]
    assert outputs["OUTPUT1"] == [[i - 1] * 16 for i in range(5)]


def test_whitespace_and_key_order_do_not_matter(client, pipeline):
    plain = client.predict(pipeline, ROW).outputs
    spaced = json.dumps({"version": "v1", "inputs": ROW}, indent=3).replace("\n", "\r\n\t")
    assert client.post(f"/predict/{pipeline}", spaced).outputs == plain


def test_spellings_of_numbers(client, pipeline):
    row = IMAGES[0].reshape(-1)
    spellings = [[f"{v:.0f}", f"{v:.3f}", f"{v:e}", f"{v:E}", f"{v * 10:.0f}e-1"][i % 5] for i, v in enumerate(row)]
    body = '{"inputs": [[' + ",".join(spellings) + "]]}"
    assert_recorded("pipeline.joblib", client.post(f"/predict/{pipeline}", body).outputs, ONE)


def test_many_rows(client, pipeline):
    rows = inputs_for("pipeline.joblib") * 64
    outputs = client.predict(pipeline, rows).outputs
    assert len(outputs["label"]) == 4096
    for start in (0, 64, 4032):
        assert_recorded("pipeline.joblib", {k: v[start:start + 64] for k, v in outputs.items()})


def test_every_type_passes_through(client, all_types):
    name, specs = all_types
    values = {
        "BOOL": [[True, False], [False, True]],
        "INT8": [[-128, 127], [0, 1]],
        "INT16": [[-32768, 32767], [0, 1]],
        "INT32": [[-2**31, 2**31 - 1], [0, 1]],
        "INT64": [[-2**63, 2**63 - 1], [0, 1]],
        "UINT8": [[0, 255], [0, 1]],
        "UINT16": [[0, 65535], [0, 1]],
        "UINT32": [[0, 2**32 - 1], [0, 1]],
        "UINT64": [[0, 2**64 - 1], [0, 1]],
        "FP16": [[65504.0, -0.5], [0.25, 6.103515625e-05]],
        "BF16": [[-0.5, 0.25], [1.5, 2.0]],
        "FP32": [[3.4028235e38, -1e-45], [0.1, 16777217]],
        "FP64": [[1.7976931348623157e308, -5e-324], [0.1, 2**53]],
        "BYTES": [["", "plain"], ["\u00e9\u4e2d\U0001f600", "a\"b\\c\n\u0001"]],
    }
    assert {spec["datatype"] for spec in specs.values()} == set(values)
    answer = client.predict(name, {f"in_{t}": v for t, v in values.items()})
    outputs = answer.outputs
    for datatype, sent in values.items():
        got = outputs[f"out_{datatype}"]
        if datatype in ("FP16", "FP32"):
            kind = np.float16 if datatype == "FP16" else np.float32
            assert np.array_equal(np.array(got, kind), np.array(sent, kind)), datatype
        else:
            assert got == sent, datatype
    assert b"0.1," in answer.body or b"0.1]" in answer.body, "FP32 0.1 is written as 0.1, the shortest that reads back"


def test_shortest_fp32(client, cnn):
    """Every FP32 in an answer is the shortest decimal of that float."""
    answer = client.predict(cnn, inputs_for("cnn.onnx"))
    assert answer.status == 200
    numbers = json.loads(answer.body, parse_float=str, parse_int=str)["outputs"]
    for text in np.array(numbers).reshape(-1):
        value = np.float32(text)
        digits = lambda s: len(s.lower().split("e")[0].lstrip("-").replace(".", "").strip("0"))
        assert digits(text) <= digits(np.format_float_scientific(value, unique=True, trim="-")), text


def test_bytes_by_base64(client, all_types):
    name, specs = all_types
    inputs = everything(specs)
    raw = b"\x00\xff\xfebinary"
    inputs["in_BYTES"] = [[{"b64": base64.b64encode(raw).decode()}, "text"], ["", {"b64": ""}]]
    got = client.predict(name, inputs).outputs["out_BYTES"]
    assert got[0][1] == "text" and got[1] == ["", ""]
    assert base64.b64decode(got[0][0]["b64"]) == raw


def everything(specs):
    """A valid input of every type, [2,2]."""
    values = {"BOOL": [[True, False], [False, True]], "BYTES": [["a", "b"], ["c", "d"]]}
    return {name: values.get(spec["datatype"], [[1, 2], [3, 4]]) for name, spec in specs.items()}


@pytest.mark.parametrize("datatype, low, high", [
    ("INT8", -129, 128), ("INT16", -2**15 - 1, 2**15), ("INT32", -2**31 - 1, 2**31), ("INT64", -2**63 - 1, 2**63),
    ("UINT8", -1, 256), ("UINT16", -1, 2**16), ("UINT32", -1, 2**32), ("UINT64", -1, 2**64)])
def test_integers_out_of_range(client, all_types, datatype, low, high):
    name, specs = all_types
    for value in (low, high, 10**30):
        error = client.predict(name, {**everything(specs), f"in_{datatype}": [[1, 2], [value, 4]]}).error
        assert error["code"] == "INVALID_ARGUMENT"
        assert f"in_{datatype}" in error["message"] and "[1][0]" in error["message"] and datatype in error["message"]


@pytest.mark.parametrize("datatype, value", [
    ("INT32", 1.5), ("INT32", "1"), ("INT32", True), ("INT32", None), ("BOOL", "true"), ("BOOL", 2), ("BOOL", None),
    ("FP32", "1.0"), ("FP32", True), ("FP64", {"b64": "AA=="}), ("BYTES", 3), ("BYTES", None), ("BYTES", {"b64": "***"}),
    ("BYTES", {"b65": "AA=="}), ("BYTES", {"b64": "AA==", "more": 1}), ("FP16", [1])])
def test_wrong_kind_of_value(client, all_types, datatype, value):
    name, specs = all_types
    error = client.predict(name, {**everything(specs), f"in_{datatype}": [[everything(specs)[f"in_{datatype}"][0][0], value]] * 2}).error
    assert error["code"] == "INVALID_ARGUMENT"
    assert f"in_{datatype}" in error["message"], error


# The text of "inputs" for the pipeline, [-1,64] of floats, and words that the message must hold.
BAD = {
    "ragged": ([[0] * 64, [0] * 63], ["[1]", "64", "63"]),
    "too short": ([[0] * 63], ["64", "63"]),
    "too long": ([[0] * 65], ["64"]),
    "too deep": ([[[0] * 64]], ["inputs"]),
    "a scalar": (3, ["inputs"]),
    "text in a number's place": ([[0] * 17 + ["x"] + [0] * 46], ["[0][17]"]),
    "object in a number's place": ([[0] * 17 + [{}] + [0] * 46], ["[0][17]"]),
    "array in a number's place": ([[0] * 17 + [[0]] + [0] * 46], ["[0][17]"]),
    "number in a row's place": ([[0] * 64, 5], ["[1]"]),
    "unknown input": ({"nonsense": [[0] * 64]}, ["nonsense"]),
    "no input": ({}, ["input"]),
    "null": (None, ["inputs"]),
    "text": ("hello", ["inputs"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_inputs(client, pipeline, case):
    inputs, words = BAD[case]
    answer = client.predict(pipeline, inputs)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT"), answer.body
    for word in words:
        assert word in answer.error["message"], answer.error


@pytest.mark.parametrize("inputs, word", [
    ({"INPUT0": [[1] * 16]}, "INPUT1"),
    ({"INPUT0": [[1] * 16], "INPUT1": [[1] * 16], "INPUT2": [[1]]}, "INPUT2"),
    ({"INPUT0": [[1] * 16], "INPUT1": [[1] * 16] * 2}, "INPUT1"),
    ([{"INPUT0": [1] * 16, "INPUT1": [1] * 16}, {"INPUT0": [1] * 16}], "INPUT1"),
    ([{"INPUT0": [1] * 16, "INPUT1": [1] * 16, "INPUT9": [1]}], "INPUT9"),
    ([[1] * 16], "INPUT0"),
    ([{"INPUT0": [1] * 16, "INPUT1": [1] * 16}, 7], "[1]"),
])
def test_bad_sets_of_inputs(client, add_sub, inputs, word):
    answer = client.predict(add_sub, inputs)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT"), answer.body
    assert word in answer.error["message"], answer.error


NUMBERS = ",".join(["1"] * 63)
MALFORMED = [
    b"", b" ", b"{", b"[", b"null", b"3", b"[]", b'"text"', b"{}", b'{"inputs"}', b'{"inputs":}', b'{"inputs": [[1,]]}',
    b'{"inputs": [[1 2]]}', b"{'inputs': [[1]]}", b'{"inputs": [[NaN]]}', b'{"inputs": [[Infinity]]}', b'{"inputs": [[-Infinity]]}',
    f'{{"inputs": [[{NUMBERS},NaN]]}}'.encode(), f'{{"inputs": [[{NUMBERS},-Infinity]]}}'.encode(),
    f'{{"inputs": [[{NUMBERS},01]]}}'.encode(), f'{{"inputs": [[{NUMBERS},+1]]}}'.encode(), f'{{"inputs": [[{NUMBERS},.5]]}}'.encode(),
    f'{{"inputs": [[{NUMBERS},1.]]}}'.encode(), f'{{"inputs": [[{NUMBERS},0x10]]}}'.encode(), f'{{"inputs": [[{NUMBERS},1e]]}}'.encode(),
    f'{{"inputs": [[{NUMBERS},1]]}} x'.encode(), f'{{"inputs": [[{NUMBERS},1]]}}{{}}'.encode(), f'{{"inputs": [[{NUMBERS},1]]'.encode(),
    f'{{"inputs": [[{NUMBERS},tru]]}}'.encode(), f'{{"inputs": [[{NUMBERS},1]], "inputs": [[{NUMBERS},2]]}}'.encode(),
    f'{{"inputs": [[{NUMBERS},1]], "version": 1}}'.encode(), f'{{"inputs": [[{NUMBERS},1]], "verison": "v1"}}'.encode(),
    f'{{"inputs": [[{NUMBERS},1]], "version": "\xff"}}'.encode("latin-1"), b'{"inputs": [["\xff\xfe"]]}',
    b'\xef\xbb\xbf{"inputs"', b'{"inputs": ' + b"[" * 101 + b"]" * 101 + b"}", b'{"inputs": ' + b"[" * 100_000,
    b'{"inputs": ' + b'{"a":' * 100_000, b"\x00" * 100,
]


@pytest.mark.parametrize("body", MALFORMED, ids=[repr(b[:24]) + str(i) for i, b in enumerate(MALFORMED)])
def test_malformed_body(client, pipeline, body):
    answer = client.post(f"/predict/{pipeline}", body)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT"), answer.body


def test_boolean_in_a_numbers_place(client, cnn):
    image = inputs_for("cnn.onnx", ONE)
    image[0][0][0][3] = True
    answer = client.predict(cnn, image)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT"), answer.body
    assert "[0][0][0][3]" in answer.error["message"], answer.error


def test_unknown_key_with_the_nearest(client, pipeline):
    error = client.post(f"/predict/{pipeline}", {"input": ROW}).error
    assert "'input'" in error["message"] and "'inputs'" in error["message"].replace('"', "'")


def test_numbers_too_large_for_the_type(client, cnn, pipeline):
    image = np.zeros((1, 1, 8, 8)).tolist()
    image[0][0][3][5] = 1e39
    answer = client.predict(cnn, image)
    assert answer.status == 400 and "[0][0][3][5]" in answer.error["message"]
    row = f'{{"inputs": [[{NUMBERS},1e400]]}}'.encode()
    assert client.post(f"/predict/{pipeline}", row).status == 400


def test_null_is_a_missing_value(client, pipeline, cnn):
    """NaN for a float input; scikit-learn's estimators that take none say so, a net calculates with it."""
    row = [row[:] for row in ROW]
    row[0][3] = None
    error = client.predict(pipeline, row).error
    assert error["code"] == "INVALID_ARGUMENT" and "NaN" in error["message"]
    image = inputs_for("cnn.onnx", ONE)
    image[0][0][0][0] = None
    outputs = client.predict(cnn, image).outputs
    assert all(v is None or not math.isnan(v) for v in outputs[0]), "JSON has no NaN"


def test_empty_batch_is_answered_in_order(client, pipeline):
    """No rows: an answer of no rows, or a clear refusal; never a fault."""
    answer = client.predict(pipeline, [])
    assert answer.status in (200, 400)
    if answer.status == 400:
        assert "inputs" in answer.error["message"]


def test_bits_of_float32_survive(client, name):
    """What is sent as the shortest text of a float comes back as the same float."""
    client.deploy(name, "models/onnx/dynamic.onnx")  # y = |x|
    generator = np.random.default_rng(7)
    bits = generator.integers(0, 0x7F800000, size=3000, dtype=np.uint32)
    values = bits.view(np.float32)
    sent = [[[float(np.format_float_scientific(v, unique=True)) for v in values]]]
    got = client.predict(name, sent).outputs
    assert [struct.pack("f", g) for g in got[0][0]] == [struct.pack("f", v) for v in values]
