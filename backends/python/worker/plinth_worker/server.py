"""Loads the model and answers the server's calls, one after the other."""

import os
import signal
import struct

from . import wire
from .failures import Stopped, log, status_of, text_of
from .memory import Memory
from .plain import load_model
from .tensors import BadOutput, read_tensor, to_array, write_tensor


class Server:
    def __init__(self, channel, memory_file, half):
        self._channel = channel
        self._memory = Memory(memory_file, half)
        self._running = 0  # the number of the call that may be interrupted
        self._model = None
        self._folder = ""

    def run(self, settings, frame):
        signal.signal(signal.SIGINT, self._interrupt)
        self._folder = os.path.dirname(settings["path"])
        if not self._load(settings, frame):
            return
        while (frame := self._channel.receive()) is not None:
            kind, call = wire.header_of(frame)
            if kind == wire.EXECUTE:
                self._execute(frame, call)
            elif kind == wire.UNLOAD:
                break
        self._model.close()

    def _interrupt(self, *_):
        """SIGINT: the server no longer wants the call whose number it has written down."""
        (call,) = struct.unpack_from("<Q", self._memory.inputs, 0)
        if self._running and self._running == call:
            self._running = 0  # once a call, so that none strikes while this one is handled
            raise Stopped("the call is not wanted any more")

    # ---- Loading

    def _load(self, settings, frame):
        reader = wire.Reader(frame)
        reader.texts()
        try:
            self._model = load_model(settings, reader.specs(), reader.specs())
        except BaseException as error:
            self._fail(0, error, loading=True)
            return False
        writer = wire.Writer(wire.LOADED, 0)
        writer.specs(self._model.inputs)
        writer.specs(self._model.outputs)
        writer.number(wire.U8, self._model.stateful)
        self._channel.send(writer)
        return True

    # ---- Calls

    def _execute(self, frame, call):
        reader = wire.Reader(frame)
        for block in reader.numbers("Q"):
            self._memory.free(block)
        try:
            self._try(reader, call)
        except Stopped as error:  # it may strike while another exception is handled
            self._fail(call, error)

    def _try(self, reader, call):
        try:
            self._channel.send(self._answer(reader, call, reader.numbers("I")))
        except (SystemExit, Stopped):
            raise
        except BaseException as error:  # a program may raise CancelledError or KeyboardInterrupt
            self._running = 0
            self._fail(call, error)

    def _answer(self, reader, call, wanted):
        arrays = {}
        for _ in range(reader.number(wire.U32)):
            index, array = read_tensor(reader, self._memory)
            arrays[self._model.inputs[index].name] = array
        self._running = call
        results = self._model.predict(arrays, [self._model.outputs[i].name for i in wanted])
        self._running = 0
        return self._write(results, call, wanted)

    def _write(self, results, call, wanted):
        blocks = []
        try:
            writer = wire.Writer(wire.RESULT, call)
            writer.number(wire.U32, len(wanted))
            for index in wanted:
                spec = self._model.outputs[index]
                if spec.name not in results:
                    given = ", ".join(map(repr, results)) or "nothing"
                    raise BadOutput(f"the model gave no output '{spec.name}'; it gave {given}")
                block = write_tensor(writer, index, to_array(results[spec.name], spec), self._memory)
                if block is not None:
                    blocks.append(block)
            return writer
        except BaseException:
            for block in blocks:
                self._memory.free(block)
            raise

    def _fail(self, call, error, loading=False):
        log(error)
        self._channel.send_failure(call, status_of(error, loading), text_of(error, self._folder))


