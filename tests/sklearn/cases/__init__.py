"""What is trained: for each estimator a list of cases, one file a family. A new file here is found by itself."""

import importlib
import pkgutil


def all_cases():
    """Maps each estimator's name to its cases; an estimator stands in one file only."""
    found = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        for name, cases in getattr(importlib.import_module(__name__ + "." + module), "CASES", {}).items():
            found.setdefault(name, []).extend(cases)
    return found
