"""Pickled models with scikit-learn's interface: for those that the server's own reader refuses, because they hold functions, say.

What is asked and answered is as that reader has it: docs/sklearn.md.
"""

import pickle

import numpy as np

from . import dtypes
from .failures import Refusal
from .wire import INVALID_ARGUMENT, INVALID_MODEL, Spec

_METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "score_samples")
_OUTPUTS = {"predict_proba": "probabilities", "predict_log_proba": "log_probabilities", "decision_function": "decision",
            "transform": "transformed", "score_samples": "score_samples"}
_TEXTS = ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer")


def load_pickle(settings, inputs, outputs):
    return PickledModel(_read(settings["path"]), settings["method"], inputs, outputs)


def _read(path):
    """joblib reads its own files, compressed ones, and plain pickles."""
    try:
        import joblib
    except ImportError:
        with open(path, "rb") as file:
            return pickle.load(file)
    return joblib.load(path)


class PickledModel:
    stateful = decoupled = False

    def __init__(self, model, method, inputs, outputs):
        self._model = model
        self._classes = getattr(model, "classes_", None)
        self._parts = self._choose(method)
        self.inputs = inputs or [self._input()]
        self.outputs = outputs or self._describe()

    # ---- What it is

    def _choose(self, method):
        """Outputs: the name, the method, and how many arrays that gives where it gives a list; else 0."""
        model = self._model
        if method and (method not in _METHODS or not hasattr(model, method)):
            there = ", ".join(name for name in _METHODS if hasattr(model, name)) or "none of those that are served"
            raise Refusal(INVALID_ARGUMENT, f"option 'method' is '{method}'; a {type(model).__name__} has {there}")
        if method:
            methods = [method]
        elif hasattr(model, "predict"):
            methods = ["predict"] + ["predict_proba"] * (self._is_classifier() and hasattr(model, "predict_proba"))
        elif hasattr(model, "transform"):
            methods = ["transform"]
        else:
            raise Refusal(INVALID_MODEL, f"the file holds a {type(model).__name__}; a model with predict or transform was expected")
        several = len(self._classes) if isinstance(self._classes, list) else 0
        return [(_OUTPUTS.get(name) or self._predicted(), name, several if "proba" in name else 0) for name in methods]

    def _is_classifier(self):
        return self._classes is not None

    def _predicted(self):
        kind = getattr(self._model, "_estimator_type", None)
        if kind is None and hasattr(self._model, "__sklearn_tags__"):
            kind = self._model.__sklearn_tags__().estimator_type
        grouped = kind in ("clusterer", "outlier_detector") or hasattr(self._model, "fit_predict")
        return "label" if self._is_classifier() or grouped else "prediction"

    def _input(self):
        if self._takes_texts():
            return Spec("X", dtypes.BYTES, (-1,), 0)
        return Spec("X", dtypes.FP64, (-1, int(getattr(self._model, "n_features_in_", -1))), 0)

    def _takes_texts(self):
        first = self._model
        while hasattr(first, "steps"):
            first = first.steps[0][1]
        return type(first).__name__ in _TEXTS

    def _describe(self):
        """Outputs by what the methods give for one row; without types and shapes where that fails."""
        names = [each for name, _, count in self._parts for each in ([f"{name}_{i}" for i in range(count)] if count else [name])]
        try:
            spec = self.inputs[0]
            row = np.array(["text"], object) if spec.dtype == dtypes.BYTES else np.zeros((1, max(1, spec.shape[1])))
            results = self._results(row, names)
            return [Spec(name, dtypes.of_numpy(results[name].dtype), (-1, *results[name].shape[1:]), 0) for name in names]
        except Exception:  # zeros may be what the model refuses
            return [Spec(name, dtypes.ANY, None) for name in names]

    # ---- What it answers

    def predict(self, arrays, wanted):
        if len(self.inputs) > 1:
            import pandas

            return self._results(pandas.DataFrame({spec.name: _decoded(arrays[spec.name]).reshape(-1) for spec in self.inputs}), wanted)
        return self._results(_decoded(arrays[self.inputs[0].name]), wanted)

    def _results(self, rows, wanted):
        rows = self._named(rows)
        results = {}
        for name, method, count in self._parts:
            if any(each == name or each.startswith(name + "_") for each in wanted):
                result = getattr(self._model, method)(rows)
                results.update({f"{name}_{i}": _dense(part) for i, part in enumerate(result)} if count else {name: _dense(result)})
        return results

    def _named(self, x):
        """As the table that it was at fit() if it had named columns then."""
        names = getattr(self._model, "feature_names_in_", None)
        if names is None or not isinstance(x, np.ndarray) or x.ndim != 2:
            return x
        import pandas

        return pandas.DataFrame(x, columns=names)

    def close(self):
        pass


def _dense(result):
    return np.asarray(result.toarray() if hasattr(result, "toarray") else result)


def _decoded(array):
    """Strings as Python has them."""
    if array.dtype != object:
        return array
    decoded = np.empty(array.shape, object)
    decoded.reshape(-1)[:] = [element.decode() for element in array.reshape(-1)]
    return decoded
