"""The types of tensors: their numbers in the server, their names, and what numpy calls them."""

import numpy as np

ANY, BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FP16, BF16, FP32, FP64, BYTES = range(15)

NAMES = ("ANY", "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "BF16", "FP32", "FP64", "BYTES")

_NUMPY = {BOOL: "bool", INT8: "int8", INT16: "int16", INT32: "int32", INT64: "int64", UINT8: "uint8", UINT16: "uint16",
          UINT32: "uint32", UINT64: "uint64", FP16: "float16", FP32: "float32", FP64: "float64"}
TO_NUMPY = {number: np.dtype(name) for number, name in _NUMPY.items()}
_OF_NUMPY = {dtype: number for number, dtype in TO_NUMPY.items()}

# Further names by which a signature may call them, in lower case.
_ALIASES = {"any": ANY, "bfloat16": BF16, "float": FP32, "double": FP64, "half": FP16, "string": BYTES, "str": BYTES, "bytes": BYTES,
            "object": BYTES, "boolean": BOOL}


class UnknownType(ValueError):
    pass


def bfloat16():
    """numpy's type for BF16, which the package ml_dtypes brings."""
    try:
        import ml_dtypes
    except ImportError:
        raise UnknownType("BF16 needs the package ml_dtypes, because numpy has no such type; install it, or use FP32") from None
    return np.dtype(ml_dtypes.bfloat16)


def to_numpy(number):
    """The numpy type; not for BYTES and ANY."""
    return bfloat16() if number == BF16 else TO_NUMPY[number]


def of_numpy(dtype):
    """The number of a numpy type; UnknownType says which there are."""
    number = _OF_NUMPY.get(dtype)
    if number is not None:
        return number
    if dtype.kind in "OSU" or dtype.kind == "T":
        return BYTES
    if dtype.name == "bfloat16":
        return BF16
    swapped = _OF_NUMPY.get(dtype.newbyteorder("="))
    if swapped is not None:
        return swapped
    raise UnknownType(f"the type {dtype} cannot be served; known are {', '.join(NAMES[1:])}")


def parse(value):
    """The number of what a signature gives as a type: "float32", "FP32", "TYPE_FP32", numpy.float32, str, ..."""
    if value is None:
        return ANY
    if isinstance(value, str):
        name = value.strip().upper().removeprefix("TYPE_")
        if name in NAMES:
            return NAMES.index(name)
        if name.lower() in _ALIASES:
            return _ALIASES[name.lower()]
    elif value in (str, bytes, object):
        return BYTES
    elif value is float:
        return FP32
    try:
        dtype = np.dtype(value)
    except TypeError:
        raise UnknownType(f"the type {value!r} is unknown; known are float32, int64, bool, str and such") from None
    return of_numpy(dtype)
