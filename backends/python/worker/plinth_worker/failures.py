"""Exceptions of a model as what the client and the log are told."""

import os
import sys
import traceback

import plinth

from . import wire
from .memory import NoRoom
from .parts import CallOver
from .tensors import BadOutput

_MAX_TEXT = 4000


class Refusal(Exception):
    """A failure that is explained by its message alone."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Stopped(BaseException):
    """Raised inside a call that nobody wants any more. No Exception, lest the model catches it."""


# What a called model answers that is no fault of the caller's.
_PASSED_ON = (wire.RESOURCE_EXHAUSTED, wire.CANCELLED, wire.DEADLINE_EXCEEDED, wire.UNAVAILABLE)

# Those whose message says all.
_PLAIN = (Refusal, BadOutput, CallOver, NoRoom, Stopped, plinth.InvalidInput)


def status_of(error, loading):
    if isinstance(error, Refusal):
        return error.status
    if isinstance(error, plinth.InvalidInput):
        return wire.INVALID_ARGUMENT
    if isinstance(error, plinth.CallFailed) and error.status in _PASSED_ON:
        return error.status
    if isinstance(error, MemoryError):
        return wire.RESOURCE_EXHAUSTED
    if isinstance(error, Stopped):
        return wire.CANCELLED
    return wire.INVALID_MODEL if loading else wire.INTERNAL


def text_of(error, folder):
    """One line for the client: "ValueError: too small (model.py, line 7, in predict)"."""
    message = _message(error)
    if isinstance(error, _PLAIN):
        return message
    text = type(error).__name__ + (": " + message if message else "")
    if isinstance(error, SyntaxError) and error.filename:
        return f"{text} ({os.path.basename(error.filename)}, line {error.lineno})"
    place = _place(error, folder)
    return f"{text} ({place})" if place else text


def _message(error):
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:
        message = "its message cannot be shown"
    message = str(message) or ("the model gives no reason" if isinstance(error, plinth.InvalidInput) else "")
    return message if len(message) <= _MAX_TEXT else message[:_MAX_TEXT] + "..."


def _place(error, folder):
    """Where in the model's own files it came from."""
    place = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(folder + os.sep):
            place = f"{os.path.relpath(frame.filename, folder)}, line {frame.lineno}, in {frame.name}"
    return place


def log(error):
    """The whole traceback, unless there is nothing to be found in it."""
    if isinstance(error, _PLAIN):
        return
    try:
        traceback.print_exception(type(error), error, error.__traceback__)
        sys.stderr.flush()
    except Exception:
        pass
