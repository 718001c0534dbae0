"""Loads the model and answers the server's calls, one after the other."""

import os
import sys

import plinth

from . import wire
from .calls import Mail
from .failures import Stopped, log, status_of, text_of
from .interrupts import Interrupts
from .memory import Memory
from .parts import Parts
from .programs import import_file, load_model
from .tensors import pick, read_tensor, write_tensor
from .waiting import Waiter


class Server:
    def __init__(self, channel, memory_file, half):
        self._channel = channel
        self._memory = Memory(memory_file, half)
        self._interrupts = Interrupts(self._memory)
        self._mail = Mail(channel, self._memory, self._interrupts)
        self._model = None
        self._folder = ""
        self._request = plinth.Request()

    def run(self, settings, reader):
        self._folder = os.path.dirname(settings["path"])
        plinth.models = self._mail.models
        plinth.request = plinth.CurrentRequest(lambda: self._request)
        if not self._load(settings, reader):
            return
        if self._model.decoupled:
            self._mail.read_meanwhile()  # of memory that is free again, while answers are sent
        while (frame := self._mail.receive()) is not None:
            kind, call = wire.header_of(frame)
            if kind == wire.EXECUTE:
                self._execute(frame, call)
            elif kind == wire.UNLOAD:
                break
        self._model.close()

    # ---- Loading

    def _load(self, settings, reader):
        try:
            # What lies beside it can be imported.
            sys.path.insert(0, self._folder)
            self._model = load_model(settings, reader.specs(), reader.specs(), Waiter(), import_file)
        except BaseException as error:
            self._fail(0, error, loading=True)
            return False
        self._channel.send(wire.loaded(self._model))
        return True

    # ---- Calls

    def _execute(self, frame, call):
        reader = wire.Reader(frame)
        self._memory.free_all(reader.numbers("Q"))
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
            self._interrupts.end()
            self._fail(call, error)

    def _answer(self, reader, call, wanted):
        self._request = plinth.Request(reader.text(), reader.text())
        arrays = {}
        for _ in range(reader.number(wire.U32)):
            index, array = read_tensor(reader, self._memory)
            arrays[self._model.inputs[index].name] = array
        names = [self._model.outputs[i].name for i in wanted]
        if self._model.decoupled:
            self._answer_in_parts(arrays, names, call, wanted)
            return wire.Writer(wire.RESULT, call)
        self._interrupts.begin(call)
        results = self._model.predict(arrays, names)
        self._interrupts.end()
        writer = wire.Writer(wire.RESULT, call)
        self._write(writer, results, wanted)
        return writer

    def _answer_in_parts(self, arrays, names, call, wanted):
        parts = Parts(lambda results, last: self._send_part(results, last, call, wanted), self._memory)
        try:
            self._interrupts.begin(call)
            self._model.predict_parts(arrays, names, parts)
            self._interrupts.end()
        finally:
            parts.close()

    def _send_part(self, results, last, call, wanted):
        writer = wire.Writer(wire.PART, call)
        writer.number(wire.U8, last)
        with self._interrupts.hold():
            self._write(writer, results, wanted)
            self._channel.send(writer)

    def _write(self, writer, results, wanted):
        """Adds the wanted outputs."""
        blocks = []
        try:
            writer.number(wire.U32, len(wanted))
            for index in wanted:
                block = write_tensor(writer, index, pick(results, self._model.outputs[index]), self._memory)
                if block is not None:
                    blocks.append(block)
        except BaseException:
            self._memory.free_all(blocks)
            raise

    def _fail(self, call, error, loading=False):
        log(error)
        self._channel.send_failure(call, status_of(error, loading), text_of(error, self._folder))


