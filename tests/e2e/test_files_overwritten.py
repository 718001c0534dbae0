"""The files of a served model written over, cut short and removed in place: whoever copies over them must not change the answers of
the model that was loaded from them, and a page of a mapped file that is no longer there would end the process."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness import digits
from harness.server import DIGITS, FIXTURES

WEIGHTS = np.arange(1, 5, dtype=np.float32)

# x + weights, the weights in the .bin.
IR = """<?xml version="1.0"?>
<net name="add" version="11">
  <layers>
    <layer id="0" name="x" type="Parameter" version="opset1">
      <data shape="?,4" element_type="f32"/>
      <output><port id="0" precision="FP32" names="x"><dim>-1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="1" name="weights" type="Const" version="opset1">
      <data element_type="f32" shape="4" offset="0" size="16"/>
      <output><port id="0" precision="FP32"><dim>4</dim></port></output>
    </layer>
    <layer id="2" name="y" type="Add" version="opset1">
      <data auto_broadcast="numpy"/>
      <input>
        <port id="0" precision="FP32"><dim>-1</dim><dim>4</dim></port>
        <port id="1" precision="FP32"><dim>4</dim></port>
      </input>
      <output><port id="2" precision="FP32" names="y"><dim>-1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="3" name="result" type="Result" version="opset1">
      <input><port id="0" precision="FP32"><dim>-1</dim><dim>4</dim></port></input>
    </layer>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="2" to-port="0"/>
    <edge from-layer="1" from-port="0" to-layer="2" to-port="1"/>
    <edge from-layer="2" from-port="2" to-layer="3" to-port="0"/>
  </edges>
</net>
"""


def make_digits(file):
    def make(folder):
        source = DIGITS / file
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / file)
        return file, digits.inputs_for(file, slice(0, 5))

    return make


def make_external(folder):
    shutil.copytree(FIXTURES / "models" / "onnx" / "external", folder, dirs_exist_ok=True)
    (case,) = [c for c in json.loads((FIXTURES / "models" / "onnx.json").read_text())["cases"] if c["file"] == "onnx/external/model.onnx"]
    return "model.onnx", np.array(case["inputs"][0]["data"]).reshape(-1, 4).tolist()


def make_ir(folder):
    (folder / "add.xml").write_text(IR)
    (folder / "add.bin").write_bytes(WEIGHTS.tobytes())
    return "add.xml", [[0, 0, 0, 0], [1, 2, 3, 4]]


KINDS = {
    "external data": (make_external, "onnxruntime"),
    "external data by openvino": (make_external, "openvino"),
    "IR": (make_ir, "openvino"),
    **{file: (make_digits(file), None) for file in digits.MODELS},
    "cnn.onnx by openvino": (make_digits("cnn.onnx"), "openvino"),
}


def cut_short(path):
    with open(path, "r+b") as file:
        file.truncate(0)


def write_over(path):
    size = path.stat().st_size
    with open(path, "r+b") as file:
        file.write(b"\xa5" * size)


@pytest.mark.parametrize("harm", [cut_short, write_over, Path.unlink])
@pytest.mark.parametrize("kind", KINDS)
def test_a_served_model_does_not_depend_on_its_files(server, shared_root, client, name, kind, harm):
    make, engine = KINDS[kind]
    folder = shared_root / name
    folder.mkdir()
    path, inputs = make(folder)
    client.deploy(name, f"{name}/{path}", **({"engine": engine} if engine else {}))
    before = client.predict(name, inputs).outputs
    if kind == "IR":
        assert before == [[1, 2, 3, 4], [2, 4, 6, 8]]
    assert str(folder) not in Path(f"/proc/{server.process.pid}/maps").read_text(), "a file of the model is mapped"
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        harm(file)
    assert client.predict(name, inputs).outputs == before
    # Another number of rows, for which an engine may prepare its weights anew.
    assert client.predict(name, inputs[:1]).status == 200
