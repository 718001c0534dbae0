"""One case: an estimator with its hyper-parameters, and the data that it is trained on."""

import importlib
import pkgutil
import re
import warnings

warnings.filterwarnings("ignore")


class Absent(Exception):
    """The scikit-learn at hand does not have this estimator or parameter."""


class Estimators:
    """scikit-learn's classes by their bare names: `sk.SVC`, however deep their module."""

    def __getattr__(self, name):
        import sklearn

        for module in sorted(info.name for info in pkgutil.iter_modules(sklearn.__path__)):
            if module.startswith("_") or module in ("conftest", "datasets", "tests", "externals", "experimental"):
                continue
            for path in (module, *_DEEPER.get(module, ())):
                try:
                    found = getattr(importlib.import_module("sklearn." + path), name, None)
                except ImportError:
                    continue
                if found is not None:
                    setattr(self, name, found)
                    return found
        raise Absent("there is no " + name)


_DEEPER = {
    "feature_extraction": ("feature_extraction.text", "feature_extraction.image"),
    "gaussian_process": ("gaussian_process.kernels",),
}
sk = Estimators()
for _switch in ("enable_hist_gradient_boosting", "enable_iterative_imputer", "enable_halving_search_cv"):
    try:
        importlib.import_module("sklearn.experimental." + _switch)
    except ImportError:
        pass


class Case:
    def __init__(self, data, make, params, options):
        self.data = data
        self._make = make
        self.params = params
        self._options = options
        self.tolerance = options.get("tolerance")  # relative; None: by the type that scikit-learn answers in
        self.alone = options.get("alone", True)
        self.newest = options.get("newest", True)
        self.without = options.get("without", ())

    def estimator(self, name):
        """Makes the unfitted estimator. Raises Absent where this scikit-learn has no such thing."""
        try:
            return self._make(sk) if self._make else getattr(sk, name)(**self.params)
        except TypeError as error:
            raise Absent(str(error)) from None

    def fit(self, model):
        from data import load

        x, y, test = load(self.data)
        if self._options.get("target", True) and y is not None:
            model.fit(x, y)
        else:
            model.fit(x)
        return test

    def name(self, model=None):
        """What the case is called: its label, or its data and what differs from the defaults in the unfitted `model`."""
        if "label" in self._options:
            return self._options["label"]
        text = re.sub(r" at 0x[0-9a-f]+|\s+", " ", repr(model))[:120] if self._make and model is not None else ""
        return (
            self.data
            + "".join(", {}={}".format(key, value) for key, value in self.params.items())
            + (", " + text if text else "")
        )


def case(data, make=None, *, options=None, **params):
    """`data` names a function of data/. The estimator is made of `params`, or by `make(sk)`, where sk.SVC is the class SVC.

    A case that the scikit-learn at hand cannot make (no such class or parameter) is left out. `options`: a dictionary of
      label      what the case is called, where its hyper-parameters do not tell
      target     False: fit on x alone
      tolerance  the relative tolerance, where scikit-learn itself computes in another precision than it answers in
      alone      False: what scikit-learn answers for a row depends on the others in the call
      newest     False: not with the scikit-learn that the other tests use, but older ones
      without    methods that scikit-learn has but that raise an error with these hyper-parameters
    """
    return Case(data, make, params, options or {})
