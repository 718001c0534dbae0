"""Rows as dictionaries."""

import numpy as np


def records():
    """Rows as dictionaries."""
    rows = [{"city": "Oslo", "age": 41.0}, {"city": "Lima", "age": 12.5, "member": 1}, {"age": 3}, {"city": "Oslo", "score": -2.0}]
    return rows * 3, None, [*rows, {"city": "Unknown", "age": 1}]


def records_labelled():
    rows, _, test = records()
    return rows, np.array(["a", "b", "a", "b"] * 3), test


def records_lists():
    """A value may be a list of strings."""
    rows = [{"tags": ["red", "round"], "size": 2}, {"tags": ["red"], "size": 1}, {"tags": "square"}]
    return rows, None, rows
