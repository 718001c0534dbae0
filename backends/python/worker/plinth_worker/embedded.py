"""Models in the server's own process (isolation "thread"): what server.py is for those in a process of their own.

The server calls start() once, load() for each model, and the functions that load() gave; what it offers is written down in
host_functions.h. All models share this interpreter, so what belongs to one is found by what runs: see owners.py.
"""

import gc
import os
import sys
import threading
import time
import traceback
from concurrent.futures import Future, InvalidStateError

import plinth

from . import owners, wire
from .failures import Stopped, log, status_of, text_of
from .imports import Scope
from .output import Output
from .owners import owner
from .parts import CallOver, Parts
from .programs import load_model
from .triton import model as triton_model
from .views import are_held, array_of, copy_of, handed_over, own_copy, roots_of
from .waiting import Waiter

_LOOK_S = 0.05  # how often who waits for the model looks whether its call is still there
_PATIENCE_S = 0.5  # how long a call that is over waits for threads that hold its inputs

_host_log = _begin_call = _respond = None


def start(paths, functions):
    """Once. `paths` are the sys.path of the same interpreter as a program."""
    global _host_log, _begin_call, _respond
    _host_log, _begin_call, _respond = functions
    sys.path += [path for path in paths if path not in sys.path]
    sys.dont_write_bytecode = True
    threading.excepthook = _log_thread
    sys.stdout, sys.stderr = Output(sys.stdout, _write), Output(sys.stderr, _write)
    owners.streams += [sys.stdout, sys.stderr]
    plinth.models = _Models()
    plinth.request = plinth.CurrentRequest(_request_of_owner)
    triton_model.owner = owner


def load(context, frame):
    """(why it failed as a frame or None, a frame of what it is, execute, wake, close)"""
    settings, reader = wire.settings_of(frame)
    program = Program(context, settings)
    try:
        with owners.Running(program):
            program.load(settings, reader.specs(), reader.specs())
        return None, program.description(), program.execute, program.wake, program.close
    except BaseException as error:
        failure = program.failure(error, loading=True)
        program.end()
        return failure, None, None, None, None


def answered(program, future, status, code, message, tensors):
    """What a model that was called gave."""
    program.waiting.pop(future, None)
    try:
        if status != 0:
            future.set_exception(plinth.CallFailed(code, message, status))
        else:
            future.set_result({name: array_of(dtype, shape, data) for name, dtype, shape, data in tensors})
    except InvalidStateError:
        pass  # nobody waits any more


def part_given(program, number, parts, tensors):
    """One of several answers of a model that was called; waits until it is taken, or the call `number` is over."""
    taken = threading.Event()
    parts(({name: own_copy(array_of(dtype, shape, data)) for name, dtype, shape, data in tensors}, taken.set))
    while program.runs(number) and not taken.wait(_LOOK_S):
        pass


def _log_thread(arguments, show=threading.excepthook):
    """A thread of a model's has ended by an exception."""
    program = owners.of_traceback(arguments.exc_traceback)
    if program is None:
        return show(arguments)
    with owners.Running(program):
        show(arguments)


def _write(text):
    """Whole lines."""
    program = owner()
    name = program.name if program else "python"
    _host_log(name.encode("utf-8", "backslashreplace"), text.encode("utf-8", "backslashreplace"))


def _request_of_owner():
    program = owner()
    return program.request if program else plinth.Request()


class _Models(plinth.Models):
    def get(self, name, version=""):
        program = owner()
        return plinth.CalledModel(program.call if program else self._call, name, version or "")


class Program:
    def __init__(self, context, settings):
        self.name = settings["name"]
        self.folder = os.path.dirname(settings["path"])
        self.scope = Scope(self.folder)
        self.waiting = {}  # futures of calls of other models, and the call that they belong to
        self._context = context
        self._model = None
        self._waiter = Waiter()
        self._parts = None  # of a decoupled model, while it runs
        self._roots = []  # arrays that those of the inputs are views of
        self._copies_inputs = False
        self._number = 0  # of the call that runs
        self.request = plinth.Request()

    # ---- Its life

    def load(self, settings, inputs, outputs):
        owners.register(self)
        try:
            self._model = load_model(settings, inputs, outputs, self._waiter, self.scope.load_file)
        finally:
            self.scope.forget_aliases()

    def description(self):
        writer = wire.loaded(self._model)
        return bytes(writer.finish())

    def close(self):
        with owners.Running(self):
            try:
                self._model.close()
            except BaseException as error:
                log(error)
        self.end()

    def end(self):
        """Nothing of it is left but what others hold."""
        self._model = None
        self._waiter.close()
        self.scope.close()
        owners.forget(self)
        gc.collect()

    def failure(self, error, loading=False):
        with owners.Running(self):
            log(error)
        writer = wire.failure(0, status_of(error, loading), text_of(error, self.folder))
        # The frames that it went through hold the inputs.
        while error is not None:
            traceback.clear_frames(error.__traceback__)
            error = error.__context__
        return bytes(writer.finish())

    # ---- Calls

    def execute(self, inputs, wanted, number, request_id, parameters):
        """(why it failed as a frame or None, tensors)"""
        self._number = number
        self.request = plinth.Request(request_id, parameters)
        try:
            with owners.Running(self):
                result = self._try(inputs, wanted)
        except Stopped as error:  # it may strike while another exception is handled
            result = self.failure(error), None
        self._number = 0
        self._look_after_inputs()
        if self.scope.aliases:
            self.scope.forget_aliases()
        return result

    def _try(self, inputs, wanted):
        try:
            return None, self._answer(inputs, wanted)
        except BaseException as error:  # a program may raise SystemExit, CancelledError or KeyboardInterrupt
            return self.failure(error), None

    def _answer(self, inputs, wanted):
        model = self._model
        arrays = {name: array_of(dtype, shape, data) for name, dtype, shape, data in inputs}
        if self._copies_inputs:
            arrays = {name: own_copy(array) for name, array in arrays.items()}
        else:
            self._roots = roots_of(arrays.values())
        specs = [model.outputs[i] for i in wanted]
        names = [spec.name for spec in specs]
        if model.decoupled:
            return self._answer_in_parts(arrays, names, specs)
        results = model.predict(arrays, names)
        # A copy, so that who else holds an array can be seen: nobody, but for the model.
        results = dict(results)
        return tuple([handed_over(results, spec) for spec in specs])

    def _answer_in_parts(self, arrays, names, specs):
        self._parts = parts = Parts(lambda results, last: self._send(results, last, specs), None)
        try:
            self._model.predict_parts(arrays, names, parts)
        finally:
            self._parts = None
            parts.close()
        return ()

    def _send(self, results, last, specs):
        results = dict(results)
        if not _respond(self._context, tuple([handed_over(results, spec) for spec in specs]), int(last)):
            raise CallOver("the call is over: it takes no further answer")

    def wake(self, number):
        """A call was told to end: what it waits for is not to keep it. Whether it ends by that alone, as an async one should."""
        task, parts, waiting = self._waiter.task, self._parts, list(self.waiting.items())
        if self._number != number:
            return False  # it is over
        if parts is not None:
            parts.closed = True
        if task is not None:
            self._waiter.stop(task)
        for future, call in waiting:
            if call == number:
                answered(self, future, wire.CANCELLED, "CANCELLED", "the call is not wanted any more", ())
        return task is not None

    def _look_after_inputs(self):
        """Their memory is the server's when the call is over: the model should not hold them then."""
        roots, self._roots = self._roots, []
        if not are_held(roots):
            return
        gc.collect()  # what holds them may be dead
        until = time.monotonic() + _PATIENCE_S
        while are_held(roots):
            if time.monotonic() > until:
                self._copies_inputs = True
                with owners.Running(self):
                    print("the model keeps an input array after its call, when the memory is used for other things; from here on it is "
                          "given copies", file=sys.stderr)
                return
            time.sleep(0.001)  # a thread of the model's may still be at work

    # ---- Calls of other models

    def runs(self, number):
        return self._number == number

    def call(self, model, version, inputs, outputs, request, parts=None):
        """The future of the outputs by name, with `request` and `parts` as in calls.py. Any thread, while the model runs."""
        tensors = tuple([copy_of(value, name) for name, value in inputs.items()])
        future = Future()
        self.waiting[future] = self._number
        if not _begin_call(self._context, self, future, model, version, tuple(inputs), tensors, tuple(outputs), parts,
                           int(parts is not None), request.id, request.text):
            self.waiting.pop(future, None)
            raise plinth.CallFailed("FAILED_PRECONDITION", "other models can be called only while predict runs", wire.INTERNAL)
        return future
