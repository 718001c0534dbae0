"""The backends' edge cases over JSON: every recorded case of tests/fixtures/models, through the whole server."""

import json

import numpy as np
import pytest

from harness.server import FIXTURES

CASES = [case for framework in ("onnx", "pytorch", "tensorflow")
         for case in json.loads((FIXTURES / "models" / f"{framework}.json").read_text())["cases"]]

# What OpenVINO alone cannot serve: refused when it is loaded, with a reason.
NOT_SERVED = {"tensorflow/strings", "tensorflow/dynamic_rank"}


def nested(tensor):
    """The recorded tensor as nested lists."""
    data = np.array(tensor["data"], dtype=object)
    return data.reshape(tensor["shape"]).tolist()


def assert_same(got, recorded):
    shape = recorded["shape"]
    got = np.array(got, dtype=object)
    assert list(got.shape) == shape
    got, wanted = got.reshape(-1).tolist(), recorded["data"]
    if recorded["datatype"] in ("FP16", "BF16", "FP32", "FP64"):
        got, wanted = np.array(got, dtype=np.float64), np.array(wanted, dtype=np.float64)
        assert np.all(np.abs(got - wanted) <= 1e-5 * np.maximum(1, np.abs(wanted)))
    else:
        assert got == wanted


def served_outputs(case):
    """The recorded outputs as the server gives them. TorchScript's unnamed outputs get names; the keys of a classifier's map are
    no output of their own; a sequence of tensors is stacked."""
    outputs = [dict(tensor) for tensor in case["outputs"] if not tensor["name"] or not tensor["name"].endswith("_keys")]
    for tensor in outputs:
        if case["file"].startswith("pytorch/") and tensor["name"] and tensor["name"][0].isdigit():
            tensor["name"] = "output_" + tensor["name"]
    if case["file"] == "onnx/sequence.onnx":
        stacked = [value for tensor in outputs for value in tensor["data"]]
        return [{**outputs[0], "name": "parts", "shape": [len(outputs), *outputs[0]["shape"]], "data": stacked}]
    return outputs


@pytest.mark.parametrize("case", CASES, ids=[f"{c['file']}: {c['about']}" for c in CASES])
def test_case(client, name, case):
    config = {"options": {"signature": case["signature"]}} if case.get("signature", "serving_default") != "serving_default" else {}
    answer = client.try_deploy(name, f"models/{case['file']}", config=config)
    if case.get("fails") == "load" or case["file"] in NOT_SERVED:
        assert answer.status == 422 and answer.error["code"] == "INVALID_MODEL"
        return
    assert answer.status == 201, answer.body
    declared = answer.json["inputs"]
    inputs = {tensor["name"]: nested(tensor) for tensor in case["inputs"]}
    assert set(inputs) <= {spec["name"] for spec in declared}
    result = client.predict(name, inputs)
    if case.get("fails") == "run":
        assert result.status in (400, 500) and result.error["message"]
        assert client.get("/health").status == 200
        return
    outputs, recorded = result.outputs, served_outputs(case)
    if len(recorded) == 1:
        assert_same(outputs, recorded[0])
        return
    assert set(outputs) == {tensor["name"] for tensor in recorded}
    for tensor in recorded:
        assert_same(outputs[tensor["name"]], tensor)


def test_shape_that_the_model_leaves_open_can_be_declared(client, name):
    (case,) = (c for c in CASES if c["file"] == "tensorflow/dynamic_rank")
    assert "shape" in client.try_deploy(name, "models/tensorflow/dynamic_rank").error["message"]
    client.deploy(name, "models/tensorflow/dynamic_rank", config={"inputs": [{"name": "x", "shape": case["inputs"][0]["shape"]}]})
    assert_same(client.predict(name, nested(case["inputs"][0])).outputs, case["outputs"][0])


def test_unknown_signature_lists_those_there_are(client, name):
    answer = client.try_deploy(name, "models/tensorflow/signatures", config={"options": {"signature": "triple"}})
    assert answer.status in (400, 422)
    assert "serving_default" in answer.error["message"] and "double" in answer.error["message"]


def test_unsupported_operation_is_named(client, name):
    assert "Str" in client.try_deploy(name, "models/tensorflow/strings").error["message"]
