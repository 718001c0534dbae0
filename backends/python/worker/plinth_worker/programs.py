"""Which kind of model a file holds."""

import importlib.util
import os
import sys

from .plain import PlainModel
from .waiting import Waiter


def load_model(settings, inputs, outputs):
    """The model of a file, with what was declared of it. Whatever the program raises leaves this function."""
    # What lies beside it can be imported. A file that appears there would count as a change of the model.
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(settings["path"]))
    if not settings["path"].endswith(".py"):
        from .pickled import load_pickle

        return load_pickle(settings, inputs, outputs)
    module = import_file(settings["path"])
    triton = getattr(module, "TritonPythonModel", None)
    if triton is None or settings["function"]:
        return PlainModel(module, settings["function"], inputs, outputs, Waiter())
    from .triton.model import TritonModel

    return TritonModel(triton, settings, inputs, outputs, Waiter())


def import_file(path):
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules:
        name = "plinth_model_" + name  # not in the place of a library
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
