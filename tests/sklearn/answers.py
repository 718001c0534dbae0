"""What scikit-learn itself answers: a dictionary from method to the list of arrays that it gives."""

import numpy as np

METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


def dense(array):
    array = np.asarray(array.todense() if hasattr(array, "todense") else array)
    if array.dtype.kind == "b":
        return array.astype(np.int64)
    if array.dtype.kind == "S":
        return array.astype("U")
    return array


def answers_of(model, x, without=()):
    """Methods that the fitted model does not have are left out, as are those named in `without`."""
    answers = {}
    for method in METHODS:
        if method in without:
            continue
        try:
            answer = getattr(model, method)(x)
        except (AttributeError, NotImplementedError):
            continue
        parts = answer if method == "predict_proba" and isinstance(answer, list) else [answer]
        answers[method] = [dense(part) for part in parts]
    return answers
