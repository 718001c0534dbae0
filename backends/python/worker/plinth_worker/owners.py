"""Which of the models in the server's process runs: the one that the thread executes, or whose code is on the stack of a thread of its own."""

import sys
import threading

_here = threading.local()
streams = []  # sys.stdout and sys.stderr as start() has set them; a model may set others
_by_package = {}  # programs by the package that their modules lie in


def register(program):
    _by_package[program.scope.package] = program


def forget(program):
    _by_package.pop(program.scope.package, None)


class Running:
    """While the thread runs code of a program's."""

    def __init__(self, program):
        self._program = program

    def __enter__(self):
        self._before = getattr(_here, "program", None)
        _here.program = self._program

    def __exit__(self, *_):
        # What was written without an end of line is the program's.
        for stream in streams:
            if stream.unended:
                stream.end_line()
        # Nothing else: a call that was struck just here must leave no trace on a thread of the server's.
        _here.program = self._before if self._before is self._program else None


def owner():
    """The program, or None."""
    program = getattr(_here, "program", None)
    if program is not None:
        return program
    frame = sys._getframe(1)
    while frame is not None:
        program = _of_frame(frame)
        if program is not None:
            return program
        frame = frame.f_back
    return None


def of_traceback(trace):
    while trace is not None:
        program = _of_frame(trace.tb_frame)
        if program is not None:
            return program
        trace = trace.tb_next
    return None


def _of_frame(frame):
    name = frame.f_globals.get("__name__")
    if type(name) is str and name.startswith("plinth_model_"):
        return _by_package.get(name.partition(".")[0])
    return None
