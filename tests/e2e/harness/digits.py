"""The digits of examples/digits: inputs in every model's layout, and comparison with what the frameworks answered."""

import json

import numpy as np

from harness.server import DIGITS

IMAGES = np.array(json.loads((DIGITS / "test_images.json").read_text())["images"], dtype=np.float64)
LABELS = json.loads((DIGITS / "test_images.json").read_text())["labels"]
MODELS = json.loads((DIGITS / "expected.json").read_text())["models"]

ENGINES = {"onnx": "onnxruntime", "pytorch": "pytorch", "tensorflow": "openvino", "sklearn": "sklearn"}


def inputs_for(file, images=slice(None)):
    """The images as the nested lists that the model takes."""
    shape = [-1, *MODELS[file]["input"]["shape"][1:]]
    return IMAGES[images].reshape(shape).tolist()


def by_name(file, outputs):
    """The answer's outputs by the recorded names: one output comes as an array, several as an object."""
    specs = MODELS[file]["outputs"]
    if len(specs) == 1:
        assert isinstance(outputs, list), f"one output is an array, not {type(outputs)}"
        return {specs[0]["name"]: outputs}
    assert set(outputs) == {spec["name"] for spec in specs}
    return outputs


def assert_recorded(file, outputs, images=slice(None)):
    """Every number is the framework's own, within the recorded tolerance; labels are equal."""
    named = by_name(file, outputs)
    for spec in MODELS[file]["outputs"]:
        wanted = spec["data"][images]
        got = named[spec["name"]]
        if spec["datatype"] in ("FP32", "FP64"):
            got, wanted = np.array(got, dtype=np.float64), np.array(wanted, dtype=np.float64)
            assert got.shape == wanted.shape
            worst = np.max(np.abs(got - wanted) / np.maximum(1, np.abs(wanted)))
            assert worst <= MODELS[file]["tolerance"], f"{file} {spec['name']}: off by {worst}"
        else:
            assert got == wanted, f"{file} {spec['name']}"
