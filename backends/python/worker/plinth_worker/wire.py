"""Frames between the worker and the server; what they hold is written down in messages.h, the other side of this file.

Needs nothing but the standard library: that numpy is missing must be said too.
"""

import socket
import struct
import threading
from collections import deque

# plinth_status of plinth/backend.h
INVALID_ARGUMENT, NOT_FOUND, INVALID_MODEL, UNSUPPORTED, RESOURCE_EXHAUSTED, INTERNAL, CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE = range(1, 10)

LOAD, EXECUTE, UNLOAD, ANSWER, FREE, ANSWER_PART = 1, 2, 3, 4, 5, 6
LOADED, RESULT, FAILED, CALL, PART, TAKEN = 16, 17, 18, 19, 20, 21

INLINE, INPUT, OUTPUT = 0, 1, 2  # where a tensor's bytes are
INLINE_BYTES = 4096  # tensors up to this size travel in the frame

HEADER = struct.Struct("<IIQ")
U8, U32, I32, U64 = (struct.Struct("<" + letter) for letter in "BIiQ")


class Spec:
    """An input or output as the server knows it."""

    __slots__ = ("name", "dtype", "shape", "batch_axis", "optional")

    def __init__(self, name, dtype, shape, batch_axis=-1, optional=False):
        self.name = name
        self.dtype = dtype  # a number of dtypes.py; 0: any
        self.shape = shape  # a tuple, -1 where it may vary; None: any
        self.batch_axis = batch_axis
        self.optional = optional


class Reader:
    """Reads a frame's body front to back."""

    def __init__(self, frame):
        self.frame = frame
        self.at = HEADER.size

    def number(self, form):
        (value,) = form.unpack_from(self.frame, self.at)
        self.at += form.size
        return value

    def numbers(self, letter):
        """A list with its length in front."""
        count = self.number(U32)
        form = struct.Struct(f"<{count}{letter}")
        values = form.unpack_from(self.frame, self.at)
        self.at += form.size
        return values

    def text(self):
        size = self.number(U32)
        self.at += size
        return self.frame[self.at - size:self.at].decode()

    def texts(self):
        return [self.text() for _ in range(self.number(U32))]

    def specs(self):
        return [self.spec() for _ in range(self.number(U32))]

    def spec(self):
        name, dtype, rank = self.text(), self.number(U8), self.number(I32)
        shape = None
        if rank >= 0:
            shape = struct.unpack_from(f"<{rank}q", self.frame, self.at)
            self.at += 8 * rank
        return Spec(name, dtype, shape, self.number(I32), bool(self.number(U8)))


class Writer:
    """A frame that is being written."""

    def __init__(self, kind, call):
        self.bytes = bytearray(HEADER.pack(0, kind, call))

    def number(self, form, value):
        self.bytes += form.pack(value)

    def text(self, text):
        data = text.encode("utf-8", "backslashreplace")
        self.bytes += U32.pack(len(data)) + data

    def texts(self, texts):
        self.number(U32, len(texts))
        for text in texts:
            self.text(text)

    def specs(self, specs):
        self.number(U32, len(specs))
        for spec in specs:
            self.text(spec.name)
            shape = spec.shape
            self.bytes += struct.pack("<Bi", spec.dtype, -1 if shape is None else len(shape))
            self.bytes += struct.pack(f"<{len(shape or ())}q", *(shape or ()))
            self.bytes += struct.pack("<iB", spec.batch_axis, spec.optional)

    def align(self, size):
        self.bytes += bytes(-len(self.bytes) % size)

    def finish(self):
        U32.pack_into(self.bytes, 0, len(self.bytes))
        return self.bytes


class Channel:
    """The worker's end of the socket. One thread receives; any may send."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._frames = deque()
        self._rest = b""
        self._sending = threading.Lock()

    def receive(self):
        """The next frame, bytes of its own; None if the server is gone."""
        while not self._frames:
            data = self._socket.recv(1 << 18)
            if not data:
                return None
            self._split(self._rest + data if self._rest else data)
        return self._frames.popleft()

    def _split(self, data):
        at = 0
        while len(data) - at >= HEADER.size:
            (size,) = U32.unpack_from(data, at)
            if len(data) - at < size:
                break
            # A slice of all of it is no copy.
            self._frames.append(data[at:at + size])
            at += size
        self._rest = data[at:]

    def send(self, writer):
        with self._sending:
            self._socket.sendall(writer.finish())

    def send_failure(self, call, status, text):
        self.send(failure(call, status, text))


def failure(call, status, text):
    writer = Writer(FAILED, call)
    writer.number(U32, status)
    writer.text(text)
    return writer


def loaded(model):
    writer = Writer(LOADED, 0)
    writer.specs(model.inputs)
    writer.specs(model.outputs)
    writer.number(U8, model.stateful)
    writer.number(U8, model.decoupled)
    return writer


def settings_of(frame):
    """Keys and values of a LOAD, and the reader behind them."""
    reader = Reader(frame)
    parts = reader.texts()
    return dict(zip(parts[::2], parts[1::2])), reader


def header_of(frame):
    """Its kind and the number of its call."""
    _, kind, call = HEADER.unpack_from(frame)
    return kind, call
