"""Trains a case with the scikit-learn at hand and compares what is served with what it answers."""

import os
import pickle
import tempfile
import warnings

import feed
from answers import answers_of
from cases.case import Absent
from compare import Finding, check

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def run_case(backend, name, case):
    """The case's name and its findings; one of kind "broken" where the case itself is at fault."""
    warnings.filterwarnings("ignore")
    try:
        model = case.estimator(name)
    except Absent as error:
        return case.name(), [Finding("", "broken", f"the scikit-learn at hand cannot make it: {error}")]
    return case.name(model), _run(backend, case, model)


def _run(backend, case, model):
    try:
        x = case.fit(model)
        answers = answers_of(model, x, case.without)
        picks = sorted({0, feed.count(x) // 2, feed.count(x) - 1}) if case.alone else []
        alone = [(i, answers_of(model, feed.row(x, i), case.without)) for i in picks]
    except Exception as error:  # whatever scikit-learn says against it
        return [Finding("", "broken", f"{type(error).__name__}: {error}")]
    if not answers:
        return [Finding("", "broken", "it has no method to serve")]
    with tempfile.NamedTemporaryFile(suffix=".pkl", dir=MEMORY) as file:
        pickle.dump(model, file, protocol=5)
        file.flush()
        return check(backend, file.name, x, answers, alone, case.tolerance)
