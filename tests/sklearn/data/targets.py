"""Classes and targets of every kind, over the matrices of numbers."""

import numpy as np
from sklearn import datasets

from .numbers import counts, diabetes, iris
from .rows import sample


def iris_names():
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.array(["setosa", "versicolor", "virginica"])[y], sample(x)


def iris_objects():
    x, y, test = iris_names()
    return x, y.astype(object), test


def iris_two():
    """Two classes that a line does not part."""
    x, y = datasets.load_iris(return_X_y=True)
    return x[50:], y[50:], sample(x[50:])


def iris_float_classes():
    x, y, test = iris()
    return x, y.astype(float), test


def iris_bool():
    x, y, test = iris()
    return x, y == 1, test


def diabetes_two():
    """Two targets."""
    x, y, test = diabetes()
    return x, np.column_stack([y, y**0.5]), test


def counts_two():
    """Counts, and two classes."""
    x, y, test = counts()
    return x, (y > 4).astype(int), test


def multilabel():
    """Three labels a row, any of which may be there."""
    x, y = datasets.load_iris(return_X_y=True)
    labels = np.column_stack([y == 0, x[:, 0] > 5.8, x[:, 1] > 3.0]).astype(int)
    return x, labels, sample(x)


def multiclass_two():
    """Two targets of classes, of different numbers of classes."""
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.column_stack([y, (x[:, 0] > 5.8) + (x[:, 0] > 5.0) + (x[:, 0] > 6.5).astype(int)]), sample(x)


def multiclass_names():
    """Two targets of strings."""
    x, y, test = multiclass_two()
    return x, np.array(["zero", "one", "two", "three"])[y], test


def two_classes_names():
    x, y, test = iris_two()
    return x, np.where(y == 1, "bad", "good"), test


def half_labelled():
    """Classes, -1 where the class is not known."""
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.where(np.random.RandomState(0).rand(len(y)) < 0.5, -1, y), sample(x)


def half_named():
    """Classes that do not begin at 0."""
    x, y, test = half_labelled()
    return x, np.where(y < 0, -1, y * 3 + 2), test


def one_target():
    """A target of shape [n, 1]."""
    x, y, test = diabetes()
    return x, y[:, None], test


def diabetes_three():
    x, y, test = diabetes()
    return x, np.column_stack([y, np.log(y), x[:, 2] * 3 + y / 50]), test


def class_names():
    """What encoders of labels are fitted on: the labels alone."""
    y = iris_names()[1]
    return y, None, sample(y)


def class_numbers():
    y = np.array([10, -3, 7, 7, 10, 22] * 4)
    return y, None, y


def two_names():
    y = two_classes_names()[1]
    return y, None, sample(y)


def label_sets():
    sets = [("news",), ("news", "sport"), (), ("sport", "arts"), ("arts", "news", "sport")] * 5
    return sets, None, sets[:12]
