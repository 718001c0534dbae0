"""The modules of one model among others in the same interpreter.

What lies beside the model is found by its own modules alone, whenever they import it: two models may each have a helpers.py. In sys.modules
it is `plinth_model_3.helpers`. Everything else, the standard library and what is installed, is there once for all models.
"""

import builtins
import importlib
import importlib.util
import itertools
import os
import sys
import types
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

from . import owners

_numbers = itertools.count(1)


class _Loader(SourceFileLoader):
    """Has a module import by way of its scope."""

    def __init__(self, name, path, scope):
        super().__init__(name, path)
        self._scope = scope

    def exec_module(self, module):
        module.__builtins__ = self._scope.builtins
        super().exec_module(module)


class _Alias:
    """Gives a module of the model's under the name that it has in the model's folder."""

    def __init__(self, module):
        self._module = module
        self._spec = module.__spec__

    def create_module(self, _):
        return self._module

    def exec_module(self, module):
        module.__spec__ = self._spec


class Scope:
    def __init__(self, folder):
        self.package = f"plinth_model_{next(_numbers)}"
        self.builtins = {**vars(builtins), "__import__": self._import}
        self._folder = folder
        self.aliases = {}  # modules that go by their bare names just now
        package = types.ModuleType(self.package)
        package.__path__ = [folder]
        package.plinth_scope = self
        sys.modules[self.package] = package

    def load_file(self, path):
        """The module of the model's own file."""
        stem = os.path.splitext(os.path.basename(path))[0]
        name = f"{self.package}.{stem}"
        spec = importlib.util.spec_from_file_location(name, path, loader=_Loader(name, path, self))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    def has(self, name):
        """Whether a name at the top is that of something beside the model."""
        if name in sys.stdlib_module_names:
            return False
        if f"{self.package}.{name}" in sys.modules:
            return True
        spec = PathFinder.find_spec(name, [self._folder])
        # A folder without __init__.py is a package only where there is no other of the name.
        return spec is not None and (spec.loader is not None or name not in sys.modules and PathFinder.find_spec(name) is None)

    def module(self, name):
        return importlib.import_module(f"{self.package}.{name}")

    def _import(self, name, globals=None, locals=None, fromlist=(), level=0):
        top = name.partition(".")[0]
        if level != 0 or not self.has(top):
            return builtins.__import__(name, globals, locals, fromlist, level)
        module = self.module(name)
        if type(fromlist) is list:
            self._expose(name)  # this is C, a pickle say, and it looks for the name in sys.modules
        return builtins.__import__(module.__name__, globals, locals, fromlist) if fromlist else self.module(top)

    def _expose(self, name):
        parts = name.split(".")
        for name in (".".join(parts[:count]) for count in range(1, len(parts) + 1)):
            there = sys.modules.get(name)
            if there is None or there.__name__.startswith("plinth_model_"):
                self.aliases[name] = sys.modules[name] = self.module(name)

    def alias(self, name):
        module = self.aliases[name] = self.module(name)
        return ModuleSpec(name, _Alias(module), is_package=hasattr(module, "__path__"))

    def has_alias(self, name):
        return name in self.aliases

    def forget_aliases(self):
        """Others have modules of the same names."""
        for name, module in self.aliases.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        self.aliases.clear()

    def close(self):
        self.forget_aliases()
        for name in [name for name in list(sys.modules) if name == self.package or name.startswith(self.package + ".")]:
            del sys.modules[name]


class _Own:
    """Has the modules of a scope loaded by its loader, and what lies in packages that go by their bare names."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if not top.startswith("plinth_model_"):
            program = owners.owner() if path is not None else None
            return program.scope.alias(name) if program is not None and program.scope.has_alias(top) else None
        package = sys.modules.get(top)
        spec = PathFinder.find_spec(name, path)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(name, spec.origin, package.plinth_scope)
        return spec


class _Bare:
    """The modules of the model that runs, for pickles and importlib, which ask for them by their bare names."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        program = owners.owner() if path is None else None
        return program.scope.alias(name) if program is not None and program.scope.has(name) else None


sys.meta_path.insert(0, _Own)
sys.meta_path.append(_Bare)
