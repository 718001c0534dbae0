"""The backends' edge cases over JSON: every recorded case of tests/fixtures/models, through the whole server."""

import json

import numpy as np
import pytest

from harness.server import FIXTURES

CASES = [case for framework in ("onnx", "pytorch", "tensorflow")
         for case in json.loads((FIXTURES / "models" / f"{framework}.json").read_text())["cases"]]

# What OpenVINO alone cannot serve: refused when it is loaded, with a reason.
NOT_SERVED = {"tensorflow/strings"}


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
    outputs = result.outputs
    if len(case["outputs"]) == 1:
        assert_same(outputs, case["outputs"][0])
        return
    assert set(outputs) == {tensor["name"] for tensor in case["outputs"]}
    for tensor in case["outputs"]:
        assert_same(outputs[tensor["name"]], tensor)


def test_unknown_signature_lists_those_there_are(client, name):
    answer = client.try_deploy(name, "models/tensorflow/signatures", config={"options": {"signature": "triple"}})
    assert answer.status in (400, 422)
    assert "serving_default" in answer.error["message"] and "double" in answer.error["message"]


def test_unsupported_operation_is_named(client, name):
    assert "Str" in client.try_deploy(name, "models/tensorflow/strings").error["message"]
