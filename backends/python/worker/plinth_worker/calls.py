"""Calls of other models of the server, made by a model while it runs."""

import itertools
import os
import queue
import threading
from concurrent.futures import Future

import plinth

from . import dtypes, wire
from .tensors import read_tensor, to_array, write_tensor


class Mail:
    """What comes from the server: calls for the main thread, and answers for whoever waits for them.

    Until the model calls another, the main thread reads the socket itself, which saves it the way over another thread.
    """

    def __init__(self, channel, memory, interrupts):
        self.models = plinth.Models(self.call)
        self._channel = channel
        self._memory = memory
        self._interrupts = interrupts
        self._running = None  # the thread that reads the socket
        self._lock = threading.Lock()
        self._frames = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._waiting = {}  # futures by number

    def receive(self):
        """The next frame for the main thread; None if the server is gone."""
        return self._channel.receive() if self._running is None else self._frames.get()

    def read_meanwhile(self):
        """From here on frames are read while the main thread executes as well."""
        with self._lock:
            if self._running is None:
                self._running = threading.Thread(target=self._read, name="plinth-mail", daemon=True)
                self._running.start()

    def call(self, model, version, inputs, outputs, request, parts=None):
        """The future of the outputs by name. Any thread, while the model runs. `request` is what is said of it. With `parts` a decoupled model's answers are given to
        that function as they come, each with a function to be called when it has been copied; the future's result is then empty."""
        arrays = {name: to_array(value, wire.Spec(name, dtypes.ANY, None)) for name, value in inputs.items()}
        future = Future()
        with self._interrupts.hold():
            if not self._interrupts.running:
                raise plinth.CallFailed("FAILED_PRECONDITION", "other models can be called only while predict runs", wire.INTERNAL)
            self.read_meanwhile()
            number = next(self._numbers)
            self._waiting[number] = future, parts
            self._channel.send(self._write(number, model, version, arrays, outputs, request, parts is not None))
        return future

    def _write(self, number, model, version, arrays, outputs, request, in_parts):
        writer = wire.Writer(wire.CALL, number)
        writer.text(model)
        writer.text(version)
        writer.texts(outputs)
        writer.number(wire.U8, in_parts)
        writer.text(request.id)
        writer.text(request.text)
        writer.number(wire.U32, len(arrays))
        for name, array in arrays.items():
            writer.text(name)
            write_tensor(writer, 0, array, self._memory)
        return writer

    def _taken(self, number):
        with self._interrupts.hold():
            if self._interrupts.running:
                self._channel.send(wire.Writer(wire.TAKEN, number))

    # ---- The thread that reads the socket, once there is one

    def _read(self):
        while (frame := self._channel.receive()) is not None:
            kind, number = wire.header_of(frame)
            if kind == wire.ANSWER:
                future, _ = self._waiting.pop(number)
                self._answer(wire.Reader(frame), future.set_result, future.set_exception)
            elif kind == wire.ANSWER_PART:
                _, parts = self._waiting[number]
                self._answer(wire.Reader(frame), lambda outputs: parts((outputs, lambda: self._taken(number))), parts)
            elif kind == wire.FREE:
                self._memory.free_all(wire.Reader(frame).numbers("Q"))
            else:
                self._frames.put(frame)
        os._exit(0)  # the server is gone, and the main thread may wait for anything

    def _answer(self, reader, take, fail):
        """Gives the outputs by name to `take`, or else an exception to `fail`."""
        self._memory.free_all(reader.numbers("Q"))
        status, code, message = reader.number(wire.U32), reader.text(), reader.text()
        if status != 0:
            fail(plinth.CallFailed(code, message, status))
            return
        try:
            outputs = {}
            for _ in range(reader.number(wire.U32)):
                name = reader.text()
                outputs[name] = read_tensor(reader, self._memory)[1]
        except Exception as error:
            fail(error)
        else:
            take(outputs)
