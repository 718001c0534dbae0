"""Tensors without a copy, for models in the server's process: python_tensors.h says how they cross."""

import sys

import numpy as np

from . import dtypes
from .tensors import pick, string_parts, to_array
from .wire import Spec


def array_of(dtype, shape, data):
    """An array that cannot be written to, over the memory that `data` shows; of strings, which are in a list, of bytes objects."""
    if dtype == dtypes.BYTES:
        strings = np.empty(len(data), object)
        strings[:] = data
        strings.flags.writeable = False
        return strings.reshape(shape)
    if len(data) == 0:
        return np.empty(shape, dtypes.to_numpy(dtype))
    return np.frombuffer(data, dtypes.to_numpy(dtype)).reshape(shape)


def handed_over(results, spec):
    """One of the outputs as a tensor. Its memory becomes the server's if nobody else has it, else it is copied: the model may change or
    free what it keeps, and an input's memory is gone after the call."""
    array, holders = _taken(results, spec)
    flags = array.flags
    native = flags.c_contiguous and flags.aligned and array.dtype.isnative
    return _tensor(array, native and holders == 0 and _lasts(array))


def copy_of(value, name):
    """What a model gives to another, and may keep."""
    return _tensor(to_array(value, Spec(name, dtypes.ANY, None)), False)


def _tensor(array, as_it_is):
    dtype = dtypes.of_numpy(array.dtype)
    if dtype == dtypes.BYTES:
        ends, contents = string_parts(array)
        return dtype, array.shape, contents, ends
    if not as_it_is:
        array = np.array(array, array.dtype.newbyteorder("="), order="C")
    return dtype, array.shape, array.reshape(-1).view(np.uint8), None


def _taken(results, spec):
    """The array, and how many hold it but us."""
    array = pick(results, spec)
    results[spec.name] = None
    return array, sys.getrefcount(array) - _OURS


def _lasts(array):
    """Whether its memory is its own, or that of an array which nobody else has."""
    base = array.base
    if base is None:
        return array.flags.owndata
    return type(base) is np.ndarray and base.base is None and base.flags.owndata and _holders_of_base(array) == 0


def _holders_of_base(array):
    base = array.base
    return sys.getrefcount(base) - _OURS_OF_BASE


def roots_of(arrays):
    """What every view of the memory of these goes back to."""
    return [array.base for array in arrays if type(array.base) is np.ndarray and not array.base.flags.owndata]


def own_copy(array):
    """For a model that keeps its inputs."""
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


def are_held(roots):
    for root in roots:
        if sys.getrefcount(root) > _OURS_OF_ROOT:
            return True
    return False


def _references(roots):
    for root in roots:
        return sys.getrefcount(root)


# How many of the references are our own depends on the version of Python.
_OURS = _OURS_OF_BASE = 0
_OURS_OF_ROOT = _references([np.empty(1)])
