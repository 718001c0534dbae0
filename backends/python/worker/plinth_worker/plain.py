"""Models that are a class, an object or functions of a Python file."""

import collections.abc
import inspect
import os
import typing

from . import signature
from .failures import Refusal
from .wire import INVALID_ARGUMENT

_HOW = ("define a class with predict(self, inputs), or a function predict(inputs), where inputs is a dictionary of numpy arrays")


class _Target:
    """What of a module is the model: its functions, and who may have written down a signature."""

    def __init__(self, predict, load, unload, *describers):
        self.predict = predict
        self.load = load
        self.unload = unload
        self.describers = describers

    @classmethod
    def function(cls, module, name):
        function = getattr(module, name, None)
        if not callable(function):
            there = sorted(n for n, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__)
            raise Refusal(INVALID_ARGUMENT, f"option 'function' is '{name}', which is no function of {os.path.basename(module.__file__)}; "
                                            f"it has: {', '.join(there) or 'none'}")
        return cls(function, None, None, function)

    @classmethod
    def of_module(cls, module):
        found = getattr(module, "model", None)
        if callable(getattr(found, "predict", None)) and not inspect.isclass(found) and not inspect.ismodule(found):
            return cls.object(found, module)
        found = cls._class_of(module)
        if found is not None:
            return cls.object(found(), module)
        if inspect.isfunction(getattr(module, "predict", None)):
            return cls(module.predict, getattr(module, "load", None), getattr(module, "unload", None), module.predict, module)
        raise signature.refuse(f"{os.path.basename(module.__file__)} holds no model: {_HOW}")

    @classmethod
    def object(cls, found, module):
        return cls(found.predict, getattr(found, "load", None), getattr(found, "unload", None), found, module)

    @staticmethod
    def _class_of(module):
        own = [value for value in vars(module).values()
               if inspect.isclass(value) and value.__module__ == module.__name__ and callable(getattr(value, "predict", None))]
        named = [value for value in own if value.__name__ == "Model"]
        if len(named or own) > 1:
            names = ", ".join(value.__name__ for value in own)
            raise signature.refuse(f"{os.path.basename(module.__file__)} holds several classes with predict ({names}); call one of them Model")
        return (named or own or [None])[0]


def _yields(function):
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


class PlainModel:
    def __init__(self, module, function, declared_inputs, declared_outputs, waiter):
        self._target = target = _Target.function(module, function) if function else _Target.of_module(module)
        self._await = waiter
        if target.load is not None:
            self._await(target.load())
        self.decoupled = _yields(target.predict)
        self.inputs, self.outputs, self.stateful = self._describe(declared_inputs, declared_outputs)
        self._by_name = self._takes_names()

    def _describe(self, inputs, outputs):
        given = next((s for s in (getattr(d, "signature", None) for d in self._target.describers) if s is not None), None)
        found = signature.from_value(given) if given is not None else None
        if found is None and not self._takes_dictionary():
            hinted = signature.from_hints(self._target.predict)
            found = hinted and (*hinted, False)
        if found is None and not outputs:
            raise signature.refuse("nothing says what the model's inputs and outputs are; give it a class attribute or a variable, such as "
                                   f"{signature.EXAMPLE}, or inputs and outputs in the deployment's config or in model.json")
        found = found or ([], [], False)
        if any(spec.batch_axis == 0 for spec in found[0]):
            signature.open_batch([*inputs, *outputs])
        return inputs or found[0], outputs or found[1], found[2]

    def _parameters(self):
        return list(inspect.signature(self._target.predict).parameters.values())

    def _takes_dictionary(self):
        """Whether all inputs come as one argument, as far as the function alone tells."""
        parameters = self._parameters()
        if len(parameters) != 1:
            return False
        hint = signature.hints_of(self._target.predict).get(parameters[0].name)
        if hint is None:
            return parameters[0].name == "inputs"
        return hint is dict or typing.get_origin(hint) in (dict, collections.abc.Mapping)

    def _takes_names(self):
        """Whether each input is an argument of its own."""
        if self._takes_dictionary():
            return False
        parameters = self._parameters()
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            return True
        names = {p.name for p in parameters}
        inputs = {spec.name for spec in self.inputs}
        if len(parameters) == 1 and not names & inputs and len(inputs) > 0:
            return False
        if names >= inputs and all(p.name in inputs or p.default is not p.empty for p in parameters):
            return True
        raise signature.refuse(f"predict takes {', '.join(sorted(names)) or 'nothing'}, and the inputs are "
                               f"{', '.join(sorted(inputs)) or 'none'}; let it take them by these names, or all as one dictionary")

    def predict(self, arrays, wanted):
        return self._named(self._await(self._call(arrays)))

    def predict_parts(self, arrays, wanted, parts):
        """Of a predict that yields its answers."""
        answers = self._call(arrays)
        if inspect.isasyncgen(answers):
            return self._await(self._give_all(answers, parts))
        for answer in answers:
            parts.give(self._named(answer))

    async def _give_all(self, answers, parts):
        async for answer in answers:
            parts.give(self._named(answer))

    def _call(self, arrays):
        return self._target.predict(**arrays) if self._by_name else self._target.predict(arrays)

    def _named(self, result):
        """Outputs by name."""
        if isinstance(result, dict):
            return result
        if hasattr(result, "_asdict"):
            return result._asdict()
        if len(self.outputs) == 1 and not (isinstance(result, tuple) and len(result) == 1):
            return {self.outputs[0].name: result}
        if isinstance(result, (tuple, list)) and len(result) == len(self.outputs):
            return {spec.name: value for spec, value in zip(self.outputs, result)}
        raise TypeError(f"predict gave a {type(result).__name__}; a dictionary or a tuple of its {len(self.outputs)} outputs was expected")

    def close(self):
        if callable(self._target.unload):
            self._await(self._target.unload())
