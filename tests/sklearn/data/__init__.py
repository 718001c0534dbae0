"""Small real data to train on. Each set is a function that gives (x, y, test): what to fit on, and rows to ask about."""

import functools

from . import holes, numbers, records, sparse, tables, targets, texts, words

_MODULES = (holes, numbers, records, sparse, tables, targets, texts, words)


@functools.lru_cache(maxsize=None)
def load(name):
    """The set of that name, whichever module has it."""
    module = next(module for module in _MODULES if hasattr(module, name))
    return getattr(module, name)()
