"""Matrices of numbers."""

import numpy as np
from sklearn import datasets

from .rows import sample, spread


def iris():
    x, y = datasets.load_iris(return_X_y=True)
    return x, y, sample(x)


def cancer():
    return spread(*datasets.load_breast_cancer(return_X_y=True), rows=190)


def wine():
    x, y = datasets.load_wine(return_X_y=True)
    return x, y, sample(x)


def digits():
    x, y = datasets.load_digits(return_X_y=True)
    return x[:300], y[:300], x[300:324]


def digits_many():
    """More rows to ask about than the backend takes at once."""
    x, y = datasets.load_digits(return_X_y=True)
    return x[:200], y[:200], x[:700]


def diabetes():
    x, y = datasets.load_diabetes(return_X_y=True)
    return x[:150], y[:150], sample(x)


def diabetes_float32():
    x, y, test = diabetes()
    return x.astype(np.float32), y.astype(np.float32), test


def iris_float32():
    x, y, test = iris()
    return x.astype(np.float32), y, test.astype(np.float32)


def iris_far():
    """Rows to ask about that are within and beyond what was seen."""
    x, y, test = iris()
    return x, y, np.concatenate([test, test * 1.7 - 3.0, x.min(axis=0)[None], x.max(axis=0)[None]])


def iris_shifted():
    """No two training rows are equally far from a row that is asked about."""
    x, y, test = iris()
    return x + 1e-3 * np.random.RandomState(1).rand(*x.shape), y, test + 0.1 * np.random.RandomState(2).rand(*test.shape)


def iris_centred():
    x, y, test = iris()
    return x - x.mean(axis=0), x[:, 2] * 3 - x[:, 0], test - x.mean(axis=0)


def digits_few():
    """Sixteen pixels of digits."""
    x, y, test = digits()
    return x[:120, 18:34], y[:120], test[:, 18:34]


def digits_unit():
    """Pixels from 0 to 1."""
    x, y, test = digits()
    return x / 16.0, y, test / 16.0


def digits_zero_rows():
    x, y, test = digits()
    return x, y, np.concatenate([test, np.zeros_like(test[:2])])


def equal_columns():
    """Columns whose scores are equal."""
    x, y, test = iris()
    return x[:, [2, 0, 2, 1, 0, 2]], y, test[:, [2, 0, 2, 1, 0, 2]]


def degrees():
    """Latitudes and longitudes, in radians."""
    random = np.random.RandomState(0)
    x = np.column_stack([random.uniform(-1.5, 1.5, 100), random.uniform(-3, 3, 100)])
    return x, (x[:, 0] > 0).astype(int), sample(x) * 0.97


def bits():
    """Zeros and ones."""
    x, y, test = digits()
    return (x > 6).astype(float), y, (test > 6).astype(float)


def square_distances():
    """Distances between the training rows, and from the test rows to them."""
    from sklearn.metrics import pairwise_distances

    x, y, test = iris_shifted()
    return pairwise_distances(x), y, pairwise_distances(test, x)


def counts():
    """Small whole numbers; also a target of counts."""
    x, y = datasets.load_digits(return_X_y=True)
    return x[:200, 2:20], y[:200], x[200:224, 2:20]


def levels():
    """Whole-number categories, few a column."""
    x, y = datasets.load_iris(return_X_y=True)
    x = np.round(x).astype(int)
    return x, y, sample(x)


def levels_regression():
    x, _, test = levels()
    return x, iris()[0][:, 0] * 2, test


def one_column_matrix():
    x, y, test = one_column()
    return x[:, None], y, test[:, None]


def one_column():
    x, y, test = diabetes()
    return x[:, 2], y, test[:, 2]


def square_kernel():
    """A matrix of dot products: of the training rows, and of the test rows with them."""
    x, y, test = iris()
    return x @ x.T, y, test @ x.T
