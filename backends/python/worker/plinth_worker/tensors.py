"""Tensors of a frame as numpy arrays, and arrays as tensors of a frame."""

import math
import struct

import numpy as np

from . import dtypes
from .wire import INLINE, INLINE_BYTES, INPUT, OUTPUT

_ENTRY = struct.Struct("<IBBBBQQ")
_MAX_RANK = 16


class BadOutput(Exception):
    """What the model gave back is not what its signature says."""


# ---- Inputs

def read_tensor(reader, memory):
    """The tensor's index in the signature and its array, which is a view of memory that cannot be written to."""
    frame = reader.frame
    index, dtype, rank, place, _, size, offset = _ENTRY.unpack_from(frame, reader.at)
    reader.at += _ENTRY.size
    shape = struct.unpack_from(f"<{rank}q", frame, reader.at)
    reader.at += 8 * rank
    if place == INLINE:
        reader.at += -reader.at % 16
        buffer, offset = frame, reader.at
        reader.at += size
    else:
        buffer = memory.inputs
    count = math.prod(shape)
    if dtype == dtypes.BYTES:
        return index, _read_strings(buffer, offset, count).reshape(shape)
    if count == 0:
        return index, np.empty(shape, dtypes.to_numpy(dtype))
    return index, np.frombuffer(buffer, dtypes.to_numpy(dtype), count, offset).reshape(shape)


def _read_strings(buffer, at, count):
    """An array of bytes objects."""
    ends = np.frombuffer(buffer, np.uint64, count + 1, at).tolist()
    begin = at + 8 * (count + 1)
    strings = np.empty(count, object)
    strings[:] = [buffer[begin + ends[i]:begin + ends[i + 1]] for i in range(count)]
    strings.flags.writeable = False
    return strings


# ---- Outputs

def pick(results, spec):
    """One of the outputs that a model gave by name, as to_array()."""
    if spec.name not in results:
        given = ", ".join(map(repr, results)) or "nothing"
        raise BadOutput(f"the model gave no output '{spec.name}'; it gave {given}")
    return to_array(results[spec.name], spec)


def to_array(value, spec):
    """The value that a model gave for an output as an array of the right type and shape; BadOutput if it is neither."""
    array = value if isinstance(value, np.ndarray) else _convert(value, spec)
    try:
        dtype = dtypes.of_numpy(array.dtype)
    except dtypes.UnknownType as error:
        raise BadOutput(f"output '{spec.name}': {error}") from None
    if spec.dtype not in (dtypes.ANY, dtype):
        wanted = dtypes.NAMES[spec.dtype]
        advice = f"return it as .astype(\"{dtypes.to_numpy(spec.dtype)}\")" if spec.dtype != dtypes.BYTES else "return strings"
        raise BadOutput(f"output '{spec.name}' is {dtypes.NAMES[dtype]}; the signature says {wanted}: {advice}")
    if not _fits(array.shape, spec.shape):
        raise BadOutput(f"output '{spec.name}' has the shape {list(array.shape)}; the signature says {list(spec.shape)}")
    if array.ndim > _MAX_RANK:
        raise BadOutput(f"output '{spec.name}' has {array.ndim} dimensions; at most {_MAX_RANK} can be served")
    return array


def _convert(value, spec):
    """Plain values and other libraries' tensors: numbers in the type that the signature says."""
    if hasattr(value, "detach"):  # PyTorch's, perhaps with a gradient or on another device
        value = value.detach().cpu().numpy()
    if value is None:
        raise BadOutput(f"output '{spec.name}' is None")
    try:
        if spec.dtype in (dtypes.ANY, dtypes.BYTES) or hasattr(value, "dtype"):
            return np.asarray(value)
        return np.asarray(value, dtypes.to_numpy(spec.dtype))
    except Exception as error:
        raise BadOutput(f"output '{spec.name}' is a {type(value).__name__} that is no array: {error}") from None


def _fits(shape, wanted):
    return wanted is None or len(shape) == len(wanted) and all(w in (-1, n) for n, w in zip(shape, wanted))


def write_tensor(writer, index, array, memory):
    """Describes the array in the frame and puts its bytes where the server sees them. Gives the block that was taken, or None."""
    dtype = dtypes.of_numpy(array.dtype)
    if dtype == dtypes.BYTES:
        parts = string_parts(array)
    else:
        # A byte order that is not ours is converted too.
        native = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(-1)
        address = native.__array_interface__["data"][0] - memory.inputs_begin
        if 0 <= address < memory.half and native.nbytes > INLINE_BYTES:
            _write_entry(writer, index, dtype, array.shape, INPUT, native.nbytes, address)
            return None
        parts = [native.view(np.uint8)]
    size = sum(part.nbytes for part in parts)
    if size <= INLINE_BYTES:
        _write_entry(writer, index, dtype, array.shape, INLINE, size, 0)
        writer.align(16)
        for part in parts:
            writer.bytes += part.data
        return None
    block = memory.allocate(size)
    at = block
    for part in parts:
        np.frombuffer(memory.outputs, np.uint8, part.nbytes, at)[:] = part
        at += part.nbytes
    _write_entry(writer, index, dtype, array.shape, OUTPUT, size, block)
    return block


def _write_entry(writer, index, dtype, shape, place, size, at):
    writer.bytes += _ENTRY.pack(index, dtype, len(shape), place, 0, size, at)
    writer.bytes += struct.pack(f"<{len(shape)}q", *shape)


def string_parts(array):
    """Where the strings begin and end, and their contents, as arrays of bytes."""
    strings = [_as_bytes(element) for element in array.reshape(-1).tolist()]
    ends = np.zeros(len(strings) + 1, np.uint64)
    np.cumsum([len(string) for string in strings], out=ends[1:])
    contents = b"".join(strings)
    return ends.view(np.uint8), np.frombuffer(contents, np.uint8) if contents else np.empty(0, np.uint8)


def _as_bytes(element):
    if isinstance(element, bytes):
        return element
    if isinstance(element, str):
        return element.encode("utf-8", "backslashreplace")
    if isinstance(element, (bytearray, memoryview, np.bytes_)):
        return bytes(element)
    raise BadOutput(f"an output of strings holds a {type(element).__name__}; bytes and str can be served")
