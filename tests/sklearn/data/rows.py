"""How rows are chosen, and holes put into them."""

import numpy as np

TEST_ROWS = 24


def sample(x, rows=TEST_ROWS):
    """A few rows from all over x."""
    return x[:: max(1, len(x) // rows)][:rows]


def spread(x, y, rows):
    step = max(1, len(x) // rows)
    return x[::step], y[::step], sample(x)


def with_holes(x, share=0.15, seed=0):
    return np.where(np.random.RandomState(seed).rand(*x.shape) < share, np.nan, x)
