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


def answers_of(model, x):
    """Methods that the fitted model does not have are left out."""
    answers = {}
    for method in METHODS:
        try:
            function = getattr(model, method)
        except AttributeError:
            continue
        answer = function(x)
        parts = answer if method == "predict_proba" and isinstance(answer, list) else [answer]
        answers[method] = [dense(part) for part in parts]
    return answers
