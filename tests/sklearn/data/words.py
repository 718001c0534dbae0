"""Matrices of strings."""

import numpy as np
from sklearn import datasets

from .numbers import iris
from .rows import sample


def words():
    """A matrix of strings, one column with a rare value."""
    x, y = datasets.load_iris(return_X_y=True)
    sizes = np.array(["small", "medium", "large", "huge"])[np.clip(np.round(x[:, 2] / 2).astype(int), 0, 3)]
    colours = np.array(["red", "green", "blue"])[np.round(x[:, 1] * 3).astype(int) % 3]
    x = np.column_stack([sizes, colours]).astype(object)
    return x, y, sample(x)


def words_new():
    """Strings that were not seen."""
    x, y, test = words()
    test = test.copy()
    test[::5, 0] = "gigantic"
    test[2::7, 1] = "pink"
    return x, y, test


def words_holes():
    x, y, test = words()
    holed = np.where(np.random.RandomState(0).rand(*x.shape) < 0.2, np.nan, x)
    return holed.astype(object), y, sample(holed)


def words_two():
    x, y, test = words()
    return x, (y == 1).astype(int), test


def categories():
    """Strings, and None where there is none."""
    x, y, _ = words()
    x = x.copy()
    x[np.random.RandomState(0).rand(*x.shape) < 0.2] = None
    return x, y, sample(x)


def categories_two():
    x, y, test = categories()
    return x, (y == 1).astype(int), test


def categories_regression():
    x, _, test = categories()
    return x, iris()[0][:, 0], test
