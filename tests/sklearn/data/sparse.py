"""Sparse matrices."""

from .numbers import diabetes, digits, iris


def iris_csr():
    """Fitted on a sparse matrix."""
    import scipy.sparse as sp

    x, y, test = iris()
    return sp.csr_matrix(x), y, test


def digits_csr():
    import scipy.sparse as sp

    x, y, test = digits()
    return sp.csr_matrix(x), y, test


def _sparse(dense):
    """Fitted on a sparse matrix, and asked about another."""
    from scipy.sparse import csr_matrix

    x, y, test = dense()
    return csr_matrix(x), y, csr_matrix(test)


def digits_sparse():
    return _sparse(digits)


def diabetes_sparse():
    return _sparse(diabetes)
