"""Which kind of model a file holds."""

import importlib.util
import os
import sys

from .plain import PlainModel


def load_model(settings, inputs, outputs, waiter, load_file):
    """The model of a file, with what was declared of it. Whatever the program raises leaves this function. `load_file` makes a module of
    a path."""
    sys.dont_write_bytecode = True  # a file that appears beside it would count as a change of the model
    if not settings["path"].endswith(".py"):
        from .pickled import load_pickle

        return load_pickle(settings, inputs, outputs)
    if not settings["triton_config"]:
        # An open first size of what was declared does not say that rows are independent: that only the program knows.
        for spec in [*inputs, *outputs]:
            spec.batch_axis = -1
    module = load_file(settings["path"])
    triton = getattr(module, "TritonPythonModel", None)
    if triton is None or settings["function"]:
        return PlainModel(module, settings["function"], inputs, outputs, waiter)
    from .triton.model import TritonModel

    return TritonModel(triton, settings, inputs, outputs, waiter)


def import_file(path):
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules:
        name = "plinth_model_" + name  # not in the place of a library
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
