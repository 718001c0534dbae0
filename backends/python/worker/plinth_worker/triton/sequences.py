"""A model with `sequence_batching`: what Triton's sequence batcher checks of a request and tells the model beside its inputs.

All requests come here, one at a time, so that whoever began a sequence sees the rest of it.
"""

import time

import numpy as np

import plinth

from ..failures import Refusal
from ..wire import INVALID_MODEL, RESOURCE_EXHAUSTED
from .tensor import Tensor, triton_string_to_numpy

_IDLE_US = 1_000_000  # Triton's default
_MOST = 65_536  # sequences at a time

_FLAGS = {"int32_false_true": np.int32, "fp32_false_true": np.float32, "bool_false_true": np.bool_}
_KINDS = ("CONTROL_SEQUENCE_START", "CONTROL_SEQUENCE_READY", "CONTROL_SEQUENCE_END", "CONTROL_SEQUENCE_CORRID")  # by number


class Sequences:
    def __init__(self, config):
        settings = config["sequence_batching"]
        self._model = config["name"]
        self._shape = (1, 1) if config["max_batch_size"] > 0 else (1,)
        self._idle_s = (int(settings.get("max_sequence_idle_microseconds", 0)) or _IDLE_US) / 1e6
        self._controls = [_read(given["name"], control) for given in settings.get("control_input", ()) for control in given.get("control", ())]
        self._heard = {}  # of each sequence that goes on: when; those longest silent first

    def controls(self, sequence, start, end):
        """The control inputs of a request that says this of its sequence."""
        now = time.monotonic()
        self._forget(now)
        if sequence in (None, 0, ""):
            raise plinth.InvalidInput(f"inference request to model '{self._model}' must specify a non-zero or non-empty correlation ID")
        if not start and sequence not in self._heard:
            raise plinth.InvalidInput(f"inference request for sequence {sequence} to model '{self._model}' must specify the START flag on the "
                                      "first request of the sequence")
        self._heard.pop(sequence, None)
        if len(self._heard) >= _MOST:
            raise Refusal(RESOURCE_EXHAUSTED, f"{_MOST} sequences go on, which is the limit; end some of them")
        said = dict(zip(_KINDS, (start, True, end, sequence)))
        tensors = [Tensor(name, np.full(self._shape, make(said[kind]))) for name, kind, make in self._controls]
        if not end:
            self._heard[sequence] = now
        return tensors

    def _forget(self, now):
        """Those that were silent for too long."""
        while self._heard:
            sequence, heard = next(iter(self._heard.items()))
            if now - heard <= self._idle_s:
                return
            del self._heard[sequence]


def _kind_of(name, control):
    kind = control.get("kind")
    if isinstance(kind, int) and 0 <= kind < len(_KINDS):
        kind = _KINDS[kind]
    if kind not in _KINDS:
        raise Refusal(INVALID_MODEL, f"control input '{name}': kind is {kind!r}; one of {', '.join(_KINDS)} was expected")
    return kind


def _read(name, control):
    """A control's input, its kind, and a function that gives its value as the model's type has it."""
    kind = _kind_of(name, control)
    make = _id_maker(name, control.get("data_type", "TYPE_UINT64")) if kind == "CONTROL_SEQUENCE_CORRID" else _flag_maker(name, control)
    return name, kind, make


def _flag_maker(name, control):
    given = [(key, kind) for key, kind in _FLAGS.items() if control.get(key)]
    if len(given) != 1 or len(control[given[0][0]]) != 2:
        raise Refusal(INVALID_MODEL, f"control input '{name}': one of {', '.join(_FLAGS)} with two values was expected")
    key, kind = given[0]
    values = [kind(value) for value in control[key]]
    return lambda truth: values[bool(truth)]


def _id_maker(name, data_type):
    kind = triton_string_to_numpy(data_type)
    if kind is np.object_:
        return _text
    if not np.issubdtype(kind, np.integer):
        raise Refusal(INVALID_MODEL, f"control input '{name}': data_type is {data_type}; integers and TYPE_STRING can hold a sequence's id")
    limits = np.iinfo(kind)

    def make(sequence):
        if not isinstance(sequence, int) or not limits.min <= sequence <= limits.max:
            raise plinth.InvalidInput(f"the id of the sequence is {sequence!r}; the model takes numbers from {limits.min} to {limits.max}")
        return kind(sequence)

    return make


def _text(sequence):
    """As an element of a numpy array of strings, which are bytes here."""
    cell = np.empty((), dtype=np.object_)
    cell[()] = str(sequence).encode()
    return cell
