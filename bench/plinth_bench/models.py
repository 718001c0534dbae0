"""The models that are measured, their requests, and the check that what is measured is right."""

import json
import math
import random
import struct
from dataclasses import dataclass
from pathlib import Path

from . import DIGITS, MADE, BenchError
from .processes import Bare, Plinth

RAW = "application/octet-stream"
JSON = "application/json"
UNIQUE = "@@@@@@"  # bench/load.cc makes it a running number


@dataclass(frozen=True)
class Model:
    name: str
    title: str
    path: Path
    shape: tuple[int, ...]  # of one row
    row: tuple[float, ...]  # the input of every request
    expected: tuple[float, ...] | None  # recorded of the framework: the last output's first row; None: the bare runtime tells
    tolerance: float = 1e-5
    raw: bool = False  # requests are the bytes of the tensor instead of JSON

    def body(self, rows: int = 1, unique: bool = False) -> bytes:
        """Of a request with the row so many times. `unique`: its first number is another one in each request."""
        if self.raw:
            return self.row_bytes() * rows
        values: list = [("1" + UNIQUE) if unique and i == 0 else f"{v:g}" for i, v in enumerate(self.row)]
        for size in reversed(self.shape):
            values = ["[" + ",".join(values[i : i + size]) + "]" for i in range(0, len(values), size)]
        return f'{{"inputs":[{",".join(values * rows)}]}}'.encode()

    def content_type(self) -> str:
        return RAW if self.raw else JSON

    def request(self, served_as: str | None = None, rows: int = 1, unique: bool = False) -> bytes:
        return http_request(f"/predict/{served_as or self.name}", self.body(rows, unique), self.content_type())

    def row_bytes(self) -> bytes:
        return struct.pack(f"<{len(self.row)}f", *self.row)

    def bare(self, scratch: Path, threads: int) -> Bare:
        """The runtime with this ONNX model and no server."""
        file = scratch / f"{self.name}.row"
        if not file.exists():
            file.write_bytes(self.row_bytes())
        return Bare(self.path, file, threads)

    def serve(self, server: Plinth, expected: list[float] | None = None, served_as: str | None = None, **config: object) -> int:
        """Deploys it and checks an answer against the recorded or the given one. Returns the size of the answer."""
        name = served_as or self.name
        server.deploy(name, self.path, **config)
        status, answer = server.ask("POST", f"/predict/{name}", self.body(), self.content_type())
        if status != 200:
            raise BenchError(f"{name} answers {status}: {answer[:500].decode(errors='replace')}")
        self.check(answer, self.expected or expected)
        return len(answer)

    def check(self, answer: bytes, expected: list[float] | tuple[float, ...]) -> None:
        outputs = json.loads(answer)["outputs"]
        got = (list(outputs.values())[-1] if isinstance(outputs, dict) else outputs)[0]
        scale = self.tolerance * max(1.0, *map(abs, expected))
        if len(got) != len(expected) or not all(abs(g - w) <= scale for g, w in zip(got, expected, strict=True)):
            raise BenchError(f"{self.name} answers {str(got)[:200]}, expected {str(list(expected))[:200]}")


def http_request(path: str, body: bytes, content_type: str = JSON, **headers: object) -> bytes:
    """Of a header's name, '_' stands for '-'."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def get_request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def _digits(name: str, title: str, file: str) -> Model:
    recorded = json.loads((DIGITS / "expected.json").read_text())["models"][file]
    image = json.loads((DIGITS / "test_images.json").read_text())["images"][0]
    pixels = tuple(float(v) for line in image for v in line)
    first_row = recorded["outputs"][-1]["data"][0]
    return Model(name, title, DIGITS / file, tuple(recorded["input"]["shape"][1:]), pixels, tuple(first_row), recorded["tolerance"])


def _made(name: str, title: str, file: str, shape: tuple[int, ...], raw: bool) -> Model:
    numbers = random.Random(1)
    row = tuple(round(numbers.random(), 2) for _ in range(math.prod(shape)))
    return Model(name, title, MADE / file, shape, row, expected=None, raw=raw)


RESNET = _made("resnet", "ResNet-50-sized ONNX, 3x224x224", "resnet50.onnx", (3, 224, 224), raw=True)
LIGHT = _made("light", "mean of each channel and 10 classes of them, 3x224x224", "light.onnx", (3, 224, 224), raw=True)
SMALL = _made("small", "small ONNX net, 4-16-3", "small.onnx", (4,), raw=False)
CNN = _digits("cnn", "digits CNN, ONNX", "cnn.onnx")
PIPELINE = _digits("pipeline", "scikit-learn digits pipeline", "pipeline.joblib")
FOREST = _digits("forest", "scikit-learn forest", "forest.joblib")
KERAS = _digits("keras", "TensorFlow (Keras SavedModel)", "keras_savedmodel")
TORCH = _digits("torch", "PyTorch (TorchScript)", "cnn.pt")
