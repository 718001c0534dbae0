"""pb_utils.Tensor."""

import numpy as np

from .. import dtypes


class TritonModelException(Exception):
    """What a model raises, and what misuse of these classes raises in it."""


class Tensor:
    def __init__(self, name, array):
        if not isinstance(array, np.ndarray):
            raise TritonModelException(f"tensor '{name}' is a {type(array).__name__}; a numpy array was expected")
        self._name = name
        self._array = array

    @staticmethod
    def from_dlpack(name, tensor):
        """From an object with __dlpack__, or a capsule."""
        return Tensor(name, np.from_dlpack(tensor if hasattr(tensor, "__dlpack__") else _Capsule(tensor)))

    def to_dlpack(self):
        return self.__dlpack__()

    def __dlpack__(self, **arguments):
        # What cannot be written to cannot be passed on: DLPack has no word for it.
        array = self._array if self._array.flags.writeable else self._array.copy()
        return array.__dlpack__(**{k: v for k, v in arguments.items() if v is not None and k in ("stream",)})

    def __dlpack_device__(self):
        return (1, 0)  # the CPU

    def name(self):
        return self._name

    def as_numpy(self):
        return self._array

    def shape(self):
        return list(self._array.shape)

    def triton_dtype(self):
        return _TYPES[dtypes.of_numpy(self._array.dtype)]

    def is_cpu(self):
        return True


class _Capsule:
    def __init__(self, capsule):
        self._capsule = capsule

    def __dlpack__(self, **_):
        return self._capsule

    def __dlpack_device__(self):
        return (1, 0)


# TRITONSERVER_DataType by our numbers: INVALID, BOOL, UINT8, ...
_ORDER = ("", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES", "BF16")
_TYPES = {dtypes.NAMES.index(name): number for number, name in enumerate(_ORDER) if name}
_NUMBERS = {number: dtype for dtype, number in _TYPES.items()}


def triton_to_numpy_type(number):
    """The numpy type of a TRITONSERVER_DataType."""
    dtype = _NUMBERS[int(number)]
    return np.object_ if dtype == dtypes.BYTES else dtypes.to_numpy(dtype).type


def numpy_to_triton_type(kind):
    return _TYPES[dtypes.of_numpy(np.dtype(kind))]


def triton_string_to_numpy(name):
    """The numpy type of "TYPE_FP32", or of "FP32"; "TYPE_STRING" is numpy.object_."""
    dtype = dtypes.parse(name)
    return np.object_ if dtype == dtypes.BYTES else dtypes.to_numpy(dtype).type
