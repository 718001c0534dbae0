"""The inputs and outputs of a model: declared in the deployment, written down in the program, or taken from its type hints."""

import collections.abc
import inspect
import typing

import numpy as np

from . import dtypes
from .failures import Refusal
from .wire import INVALID_MODEL, Spec

EXAMPLE = '''signature = {"inputs": {"x": ("float32", [-1, 4])}, "outputs": {"y": ("float32", [-1])}}'''


_ITERATORS = (collections.abc.Iterator, collections.abc.Iterable, collections.abc.Generator, collections.abc.AsyncIterator,
              collections.abc.AsyncIterable, collections.abc.AsyncGenerator)


def refuse(message):
    return Refusal(INVALID_MODEL, message)


# ---- A signature that the program gives

def from_value(signature):
    """Inputs, outputs and whether answers vary, of a dictionary such as EXAMPLE."""
    if not isinstance(signature, dict) or not {"inputs", "outputs"} <= signature.keys():
        raise refuse(f"'signature' must be such as {EXAMPLE}")
    unknown = signature.keys() - {"inputs", "outputs", "batch", "stateful"}
    if unknown:
        raise refuse(f"'signature' has no key {sorted(map(str, unknown))[0]!r}; it has inputs, outputs, batch, stateful")
    inputs = _specs(signature["inputs"], "input")
    outputs = _specs(signature["outputs"], "output")
    if signature.get("batch"):
        open_batch(inputs + outputs)
    return inputs, outputs, bool(signature.get("stateful"))


def _specs(tensors, what):
    if not isinstance(tensors, dict):
        raise refuse(f"the {what}s of 'signature' must be a dictionary from names, such as in {EXAMPLE}")
    return [_spec(name, value, f"{what} '{name}'") for name, value in tensors.items()]


def _spec(name, value, what):
    if not isinstance(name, str) or not name:
        raise refuse(f"the name of {what} must be a text that is not empty")
    optional = False
    if isinstance(value, dict):
        unknown = value.keys() - {"dtype", "shape", "optional"}
        if unknown:
            raise refuse(f"{what} has no key {sorted(map(str, unknown))[0]!r}; it has dtype, shape, optional")
        dtype, shape, optional = value.get("dtype"), value.get("shape"), bool(value.get("optional"))
    elif isinstance(value, (tuple, list)):
        if not 1 <= len(value) <= 2:
            raise refuse(f"{what} must be a type and a shape, such as (\"float32\", [-1, 4])")
        dtype, shape = value[0], value[1] if len(value) == 2 else None
    else:
        dtype, shape = value, None
    return Spec(name, _dtype(dtype, what), _shape(shape, what), optional=optional)


def _dtype(value, what):
    try:
        return dtypes.parse(value)
    except dtypes.UnknownType as error:
        raise refuse(f"{what}: {error}") from None


def _shape(value, what):
    """A name, None and -1 stand for a size that may vary."""
    if value is None:
        return None
    if not isinstance(value, (tuple, list)):
        raise refuse(f"{what} has the shape {value!r}; a list of sizes was expected")
    sizes = tuple(-1 if size is None or isinstance(size, str) else size for size in value)
    if not all(isinstance(size, int) and size >= -1 for size in sizes):
        raise refuse(f"{what} has the shape {value!r}; sizes must be numbers, -1 where they may vary")
    return sizes


def open_batch(specs):
    """Rows are independent."""
    for spec in specs:
        if not spec.shape or spec.shape[0] != -1:
            raise refuse(f"'signature' says batch, so the first size of every tensor must be -1; that of '{spec.name}' is not")
        spec.batch_axis = 0


# ---- Type hints

def from_hints(predict):
    """Inputs and outputs by the annotations of a function whose arguments are the inputs; None where they do not tell."""
    hints = hints_of(predict)
    inputs = []
    for parameter in inspect.signature(predict).parameters.values():
        spec = _hinted(parameter.name, hints.get(parameter.name))
        if spec is None or parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            return None
        spec.optional = parameter.default is not parameter.empty
        inputs.append(spec)
    outputs = _hinted_outputs(hints.get("return"))
    return None if outputs is None else (inputs, outputs)


def hints_of(function):
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # names that are there for a type checker only
        return dict(getattr(function, "__annotations__", {}))


def _hinted(name, hint):
    """numpy.ndarray, NDArray[numpy.float32] or Annotated[numpy.ndarray, "float32", (-1, 4)] as a Spec; None for anything else."""
    extras = ()
    if typing.get_origin(hint) is typing.Annotated:
        hint, *extras = typing.get_args(hint)
    if hint is not np.ndarray and typing.get_origin(hint) is not np.ndarray:
        return None
    dtype, shape = _element_of(hint), None
    for extra in extras:
        if isinstance(extra, (tuple, list)):
            shape = _shape(extra, f"'{name}'")
        else:
            dtype = _dtype(extra, f"'{name}'")
    return Spec(name, dtype, shape)


def _element_of(hint):
    """Of ndarray[Any, dtype[float32]]."""
    for argument in typing.get_args(hint)[1:]:
        for element in typing.get_args(argument):
            if isinstance(element, type) and issubclass(element, np.generic):
                try:
                    return dtypes.parse(element)
                except dtypes.UnknownType:
                    pass  # numpy.floating: any
    return dtypes.ANY


def _hinted_outputs(hint):
    if typing.get_origin(hint) in _ITERATORS:
        hint = typing.get_args(hint)[0]  # of a predict that yields its answers
    if typing.get_origin(hint) is tuple:
        parts = [_hinted(f"output_{i}", part) for i, part in enumerate(typing.get_args(hint))]
    elif isinstance(hint, type) and issubclass(hint, (dict, tuple)) and getattr(hint, "__annotations__", None):
        parts = [_hinted(name, part) for name, part in hints_of(hint).items()]  # a TypedDict or a NamedTuple
    else:
        parts = [_hinted("output", hint)]
    return None if not parts or None in parts else parts
