"""Matrices with missing values."""

import numpy as np
from sklearn import datasets

from .numbers import cancer, diabetes, iris, levels
from .rows import sample, with_holes


def iris_holes():
    x, y = datasets.load_iris(return_X_y=True)
    x = with_holes(x)
    return x, y, sample(x)


def iris_holes_shifted():
    """Asked about rows that are none of those that it was fitted on."""
    x, y, test = iris_holes()
    return x, y, test + 0.0137


def cancer_holes():
    x, y, _ = cancer()
    x = with_holes(x[:, :8])
    return x, y, sample(x)


def diabetes_holes():
    x, y, _ = diabetes()
    x = with_holes(x)
    return x, y, sample(x)


def one_empty_column():
    """Holes in every column, and nothing at all in one."""
    x, y, _ = diabetes_holes()
    x = x.copy()
    x[:, 3] = np.nan
    test = sample(x).copy()
    test[::2, 3] = 0.5
    return x, y, test


def holes_some():
    """Two columns without holes."""
    x, y, test = iris()
    holed, _, holed_test = iris_holes()
    choose = [True, False, True, False]
    return np.where(choose, x, holed), y, np.where(choose, test, holed_test)


def levels_holes():
    x, y, _ = levels()
    x = with_holes(x.astype(float))
    return x, y, sample(x)
