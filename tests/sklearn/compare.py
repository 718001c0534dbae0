"""A served model against what scikit-learn answered: labels equal, floats close."""

from collections import namedtuple

import feed
import numpy as np
from backend import Refused

# What came of a method of a case. kind: "served", "refused" or "differs"; detail says why.
Finding = namedtuple("Finding", "method kind detail")

BLOCK_ROWS = 256  # how many rows the backend takes at once; more than that must not matter
FLOAT64, FLOAT32 = 1e-9, 1e-6  # relative
# Absolute, times the largest number of the array: what rounding leaves where large numbers cancel.
FLOOR64, FLOOR32 = 1e-12, 1e-7


def scale_of(expected):
    """The largest number of an answer, by which the rounding of small ones is judged; 0 for strings."""
    return np.abs(expected[np.isfinite(expected)]).max(initial=0.0) if expected.dtype.kind in "fiu" else 0.0


def difference(expected, served, tolerance=None, scale=None):
    """None, or what is wrong with `served`. `scale`: where `expected` is a part, that of the whole."""
    if served.shape != expected.shape:
        return f"shape {list(served.shape)} instead of {list(expected.shape)}"
    if expected.dtype.kind not in "fiu" or served.dtype.kind not in "fiu":
        wrong = np.array([str(a) != str(b) for a, b in zip(expected.ravel(), served.ravel())], dtype=bool).reshape(expected.shape)
        return _first(wrong, expected, served)
    single = expected.dtype == np.float32
    tolerance = tolerance or (FLOAT32 if single else FLOAT64)
    floor = max(FLOOR32 if single else FLOOR64, tolerance / 1000)
    expected, served = expected.astype(np.float64), served.astype(np.float64)
    finite = np.isfinite(expected)
    scale = scale_of(expected) if scale is None else scale
    with np.errstate(invalid="ignore"):
        close = np.abs(served - expected) <= tolerance * np.abs(expected) + floor * scale
    same = (served == expected) | (np.isnan(served) & np.isnan(expected))
    return _first(~np.where(finite, close, same), expected, served)


def _first(wrong, expected, served):
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f"{int(wrong.sum())} of {wrong.size} differ, first at {list(at)}: {served[at]!r} instead of {expected[at]!r}"


def check(backend, path, x, answers, alone=(), tolerance=None):
    """Findings for each method of `answers` (answers.py). `alone`: pairs of a row's number and scikit-learn's answers for it."""
    # What has three dimensions has no rows: VotingClassifier(flatten_transform=False).transform().
    answers = {method: parts for method, parts in answers.items() if all(np.ndim(part) <= 2 for part in parts)}
    findings = []
    for method, expected in answers.items():
        try:
            with backend.load(path, feed.width(x), method=method) as model:
                wrong = _compare(model, method, x, expected, alone, tolerance)
            findings.append(Finding(method, "differs" if wrong else "served", wrong))
        except Refused as error:
            findings.append(Finding(method, "refused", str(error)))
        except ValueError as error:  # the rows are nothing that these inputs could hold
            findings.append(Finding(method, "differs", f"the inputs are others: {error!s:.80}"))
    if any(finding.kind == "served" for finding in findings):
        wrong = _without_method(backend, path, x, answers, tolerance)
        if wrong:
            findings.append(Finding("no method", "differs", wrong))
    return findings


def _compare(model, method, x, expected, alone, tolerance):
    scales = [scale_of(part) for part in expected]

    def run(rows):
        return list(model.execute(feed.inputs_of(model.inputs, rows)).values())

    def wrong(expected, served, where):
        if len(served) != len(expected):
            return f"{len(served)} outputs instead of {len(expected)}"
        problems = (difference(e, s, tolerance, scale) for e, s, scale in zip(expected, served, scales))
        return next((where + problem for problem in problems if problem), None)

    problem = wrong(expected, run(x), "")
    for i, answers in alone:
        problem = problem or wrong(answers[method], run(feed.row(x, i)), f"row {i} alone: ")
    if alone and not problem:
        times = BLOCK_ROWS // feed.count(x) + 2
        problem = wrong([np.concatenate([e] * times) for e in expected], run(feed.repeated(x, times)), "many rows: ")
    return problem


def _without_method(backend, path, x, answers, tolerance):
    """What is served when no method is asked for must be what one of the methods gives."""
    named = {"label": "predict", "prediction": "predict", "probabilities": "predict_proba", "decision": "decision_function",
             "transformed": "transform", "score_samples": "score_samples"}  # fmt: skip
    try:
        with backend.load(path, feed.width(x)) as model:
            served = model.execute(feed.inputs_of(model.inputs, x))
    except Refused as error:
        return str(error)
    for name, array in served.items():
        stem, _, number = name.rpartition("_") if name.startswith("probabilities_") else (name, "", "0")
        if stem not in named:
            return f"output {name} is not known"
        expected = answers.get(named[stem])
        if expected is None:
            return f"there is an output {name}, but scikit-learn has no {named[stem]}"
        problem = difference(expected[int(number)], array, tolerance)
        if problem:
            return f"{name}: {problem}"
    return None if served else "there are no outputs"
