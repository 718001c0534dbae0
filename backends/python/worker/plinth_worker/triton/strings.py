"""Strings in one buffer, each with its length in front, as Triton's clients send them."""

import struct

import numpy as np


def serialize_byte_tensor(tensor):
    """An array of bytes objects with one element, the buffer; None for one without elements."""
    if tensor.size == 0:
        return None
    parts = []
    for element in tensor.reshape(-1).tolist():
        data = element if isinstance(element, bytes) else str(element).encode()
        parts.append(struct.pack("<I", len(data)) + data)
    return np.asarray(b"".join(parts), dtype=np.object_)


def deserialize_bytes_tensor(encoded):
    """A flat array of bytes objects."""
    data = bytes(encoded)
    strings, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        strings.append(data[at + 4:at + 4 + size])
        at += 4 + size
    array = np.empty(len(strings), np.object_)
    array[:] = strings
    return array
