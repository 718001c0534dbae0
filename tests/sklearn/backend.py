"""Plinth's scikit-learn backend without the server: its shared object, called through the C ABI."""

import ctypes
import os
from collections import namedtuple
from ctypes import byref, c_int64, c_uint32, c_uint64, c_void_p, sizeof
from pathlib import Path

import abi
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
Spec = namedtuple("Spec", "name dtype shape optional")  # dtype: numpy's name, "bytes" or "any"; shape None where unknown


class Refused(Exception):
    """What the backend answered instead: a load or a call that it would not do, with its reason."""


class Backend:
    """Opens the shared object: `path`, or $PLINTH_SKLEARN_BACKEND, or that of the release build."""

    def __init__(self, path=None):
        path = path or os.environ.get("PLINTH_SKLEARN_BACKEND") or ROOT / "build" / "backends" / "libplinth_sklearn.so"
        library = ctypes.CDLL(str(path))
        self._log = abi.Log(lambda level, message: None)
        self._host = abi.Host(sizeof(abi.Host), abi.ABI_VERSION, self._log)
        entry = library.plinth_backend_entry
        entry.restype = ctypes.POINTER(abi.Backend)
        error = ctypes.c_char_p()
        table = entry(byref(self._host), byref(error))
        if not table:
            raise Refused((error.value or b"").decode())
        self._table = table.contents

    def load(self, path, width=0, **options):
        """`width`: how many features X has, for the few models that do not say; others must not need it."""
        try:
            return Model(self._table, path, options, 0)
        except Refused as error:
            if not width or "declare the shape" not in str(error):
                raise
            return Model(self._table, path, options, width)


class Model:
    """A loaded model; a context manager that unloads it."""

    def __init__(self, table, path, options, width):
        self._table = table
        given = [(key.encode(), str(value).encode()) for key, value in options.items() if value]
        declared = abi.TensorSpec(b"X", abi.FP64, 2, (c_int64 * 2)(-1, width), 0, 0)
        request = abi.LoadRequest(
            struct_size=sizeof(abi.LoadRequest), path=str(path).encode(), option_count=len(given),
            options=(abi.Option * len(given))(*given), declared_input_count=1 if width else 0,
            declared_inputs=ctypes.pointer(declared))  # fmt: skip
        self._model = c_void_p()
        self._check(table.load(byref(request), byref(self._model)))
        signature = table.describe(self._model).contents
        self.inputs = [_spec(signature.inputs[i]) for i in range(signature.input_count)]
        self.outputs = [_spec(signature.outputs[i]) for i in range(signature.output_count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._table.unload(self._model)
        self._model = None

    def execute(self, inputs):
        """Maps names of inputs to arrays (strings: arrays of objects) to names of outputs and arrays."""
        answer = {}
        self._run(*self._request(inputs), lambda tensor: answer.update({tensor.name.decode(): _array(tensor)}))
        return answer

    def prepared(self, inputs, execute_often, calls):
        """A function that executes so often with these inputs and drops the outputs: for measuring, by bench/execute_often.cc."""
        request, response, *kept = self._request(inputs)

        def run(_kept=kept):  # what the request points to
            self._check(execute_often(byref(self._table), self._model, byref(request), byref(response), c_uint64(calls)))

        return run

    def _request(self, inputs):
        tensors = [_Input(spec, inputs[spec.name]) for spec in self.inputs if spec.name in inputs]
        count = len(self.outputs)
        request = abi.ExecuteRequest(
            struct_size=sizeof(abi.ExecuteRequest), input_count=len(tensors),
            inputs=(abi.Tensor * len(tensors))(*[tensor.value for tensor in tensors]),
            output_count=count, outputs=(c_uint32 * count)(*range(count)))  # fmt: skip
        outputs = (abi.Output * count)()
        return request, abi.ExecuteResponse(sizeof(abi.ExecuteResponse), outputs), outputs, tensors

    def _run(self, request, response, outputs, tensors, see):
        """`tensors` is what the request points to."""
        self._check(self._table.execute(self._model, byref(request), byref(response)))
        for output in outputs:
            see(output.tensor)
            if output.release:
                output.release(output.release_context)

    def _check(self, status):
        if status:
            raise Refused(self._table.last_error().decode(errors="replace"))


def _spec(spec):
    dtype = "bytes" if spec.dtype == abi.BYTES else abi.NUMPY_NAMES.get(spec.dtype, "any")
    return Spec(spec.name.decode(), dtype, None if spec.rank < 0 else tuple(spec.shape[: spec.rank]), bool(spec.optional))


class _Input:
    """A tensor of a call, with the memory that it points to."""

    def __init__(self, spec, values):
        offsets = None
        if spec.dtype == "bytes":
            values = np.asarray(values, dtype=object)
            parts = [text if isinstance(text, bytes) else str(text).encode() for text in values.ravel()]
            data, dtype = np.frombuffer(b"".join(parts) or b"\0", np.uint8), abi.BYTES
            ends = np.cumsum([0] + [len(part) for part in parts])
            size, offsets = int(ends[-1]), (c_uint64 * len(ends))(*ends.tolist())
        else:
            data = values = np.ascontiguousarray(values, dtype=spec.dtype)
            size, dtype = data.nbytes, next(code for code, name in abi.NUMPY_NAMES.items() if name == spec.dtype)
        self._kept = data, offsets
        shape = (c_int64 * max(values.ndim, 1))(*values.shape)
        self.value = abi.Tensor(spec.name.encode(), dtype, values.ndim, shape, data.ctypes.data, size, offsets)


def _array(tensor):
    shape = tuple(tensor.shape[: tensor.rank])
    data = ctypes.string_at(tensor.data, tensor.byte_size) if tensor.byte_size else b""
    if tensor.dtype != abi.BYTES:
        return np.frombuffer(data, abi.NUMPY_NAMES[tensor.dtype]).reshape(shape)
    count = int(np.prod(shape, dtype=int))
    first = tensor.offsets[0]
    texts = [data[tensor.offsets[i] - first : tensor.offsets[i + 1] - first].decode() for i in range(count)]
    return np.array(texts, dtype=object).reshape(shape)
