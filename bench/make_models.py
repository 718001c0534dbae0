#!/usr/bin/env python3
"""Makes the ONNX models that are measured: known topologies with weights drawn from a fixed seed. Nothing of it is committed.

    make_models.py FOLDER     needs bench/requirements.txt; models that are there already are left alone

    resnet50.onnx   ResNet-50 v1.5 as exporters leave it (batch norms folded into the convolutions): image [N, 3, 224, 224] ->
                    logits [N, 1000], 25.5 million weights, 102 MB
    light.onnx      the mean of each channel and ten sums of them: x [N, 3, 224, 224] -> logits [N, 10]; as large an input, with little to do
    small.onnx      4-16-3 with a softmax: x [N, 4] -> probabilities [N, 3]
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8
SEED = 1


class Graph:
    """Nodes and weights in the order in which they are added; every value has a name of its own."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(SEED)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], **attributes: object) -> str:
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(self, shape: tuple[int, ...], scale: float) -> str:
        name = f"w{len(self.weights)}"
        values = (self.random.standard_normal(shape) * scale).astype(np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def conv(self, x: str, channels: int, filters: int, size: int, stride: int = 1, gain: float = 2.0) -> str:
        """A convolution with a bias that keeps the size of its activations about the same (He's scale)."""
        weight = self.weight((filters, channels, size, size), (gain / (channels * size * size)) ** 0.5)
        pads = [size // 2] * 4
        return self.node("Conv", [x, weight, self.weight((filters,), 0.01)], kernel_shape=[size, size], strides=[stride] * 2, pads=pads)

    def relu(self, x: str) -> str:
        return self.node("Relu", [x])

    def gemm(self, x: str, inputs: int, outputs: int) -> str:
        return self.node("Gemm", [x, self.weight((outputs, inputs), inputs**-0.5), self.weight((outputs,), 0.01)], transB=1)

    def save(self, path: Path, source: list[int | str], output: str, classes: int) -> None:
        """Writes the model of input "x" of that shape; a file that is there is whole."""
        self.nodes[-1].output[0] = output
        ports = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", source), (output, ["N", classes]))
        ]
        graph = helper.make_graph(self.nodes, path.stem, ports[:1], ports[1:], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        part = path.with_suffix(".part")
        onnx.save(model, part)
        part.rename(path)


def bottleneck(graph: Graph, x: str, channels: int, width: int, stride: int) -> str:
    inner = graph.relu(graph.conv(x, channels, width, 1))
    inner = graph.relu(graph.conv(inner, width, width, 3, stride))
    inner = graph.conv(inner, width, 4 * width, 1, gain=0.5)  # the sum of many blocks must not grow
    shortcut = x if channels == 4 * width and stride == 1 else graph.conv(x, channels, 4 * width, 1, stride, gain=1.0)
    return graph.relu(graph.node("Add", [inner, shortcut]))


def make_resnet50(path: Path) -> None:
    graph = Graph()
    x = graph.relu(graph.conv("x", 3, 64, 7, 2))
    x = graph.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    channels = 64
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            x = bottleneck(graph, x, channels, width, stride if block == 0 else 1)
            channels = 4 * width
    x = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])])
    graph.gemm(x, channels, 1000)
    graph.save(path, ["N", 3, 224, 224], "logits", 1000)


def make_light(path: Path) -> None:
    graph = Graph()
    graph.gemm(graph.node("Flatten", [graph.node("GlobalAveragePool", ["x"])]), 3, 10)
    graph.save(path, ["N", 3, 224, 224], "logits", 10)


def make_small(path: Path) -> None:
    graph = Graph()
    graph.node("Softmax", [graph.gemm(graph.relu(graph.gemm("x", 4, 16)), 16, 3)], axis=1)
    graph.save(path, ["N", 4], "probabilities", 3)


MODELS = {"resnet50.onnx": make_resnet50, "light.onnx": make_light, "small.onnx": make_small}


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in MODELS.items():
        if not (folder / name).exists():
            print(f"making {folder / name}", flush=True)
            make(folder / name)


if __name__ == "__main__":
    main()
