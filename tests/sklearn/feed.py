"""From rows as scikit-learn takes them to the inputs that a served model names."""

import json

import numpy as np


def inputs_of(specs, x):
    """`x`: a matrix (dense or sparse), a table (DataFrame, or a dictionary of columns), or a list of texts, of dictionaries, of lists or of tuples."""
    if isinstance(x, list) and x and isinstance(x[0], (dict, list, tuple)):
        x = [json.dumps(row) for row in x]
    columns = _columns(x)
    if columns and not (len(specs) == 1 and specs[0].dtype != "bytes"):
        return {spec.name: _column(spec, columns[spec.name]) for spec in specs if spec.name in columns and spec.dtype != "any"}
    if columns:
        x = np.column_stack(list(columns.values()))
    if hasattr(x, "toarray"):
        x = x.toarray()
    x = np.asarray(x, dtype=object) if specs and specs[0].dtype == "bytes" else np.asarray(x)
    if len(specs) == 1:
        return {specs[0].name: _column(specs[0], x)}
    return {spec.name: _column(spec, x[:, i]) for i, spec in enumerate(specs) if spec.dtype != "any"}


def row(x, i):
    """Row i alone, as a batch of one."""
    if isinstance(x, dict):
        return {name: values[i : i + 1] for name, values in x.items()}
    return x.iloc[i : i + 1] if hasattr(x, "iloc") else x[i : i + 1]


def alone(x, answers):
    """Pairs of a row's number and the answers for it, taken from those for all: the first row, one in the middle, the last."""
    rows = sorted({0, count(x) // 2, count(x) - 1})
    return [(i, {method: [part[i : i + 1] for part in parts] for method, parts in answers.items()}) for i in rows]


def every(x, step):
    """Each step-th row."""
    return x.iloc[::step] if hasattr(x, "iloc") else x[::step]


def repeated(x, times):
    """All rows, `times` times over."""
    if isinstance(x, list):
        return x * times
    if isinstance(x, dict):
        return {name: np.concatenate([values] * times) for name, values in x.items()}
    order = np.tile(np.arange(x.shape[0]), times)
    return x.iloc[order] if hasattr(x, "iloc") else x[order]


def count(x):
    if isinstance(x, dict):
        return len(next(iter(x.values())))
    return x.shape[0] if hasattr(x, "shape") else len(x)


def width(x):
    """How many features a matrix has; 0 for other rows."""
    return x.shape[1] if getattr(x, "ndim", 0) == 2 and not hasattr(x, "columns") else 0


def _columns(x):
    if isinstance(x, dict):
        return x
    return {str(name): x[name].to_numpy() for name in x.columns} if hasattr(x, "columns") else None


def _column(spec, values):
    if spec.dtype == "bytes":
        values = np.array(["\0" if _missing(v) else str(v) for v in np.ravel(values)], dtype=object).reshape(np.shape(values))
    else:
        values = np.asarray(values, dtype=spec.dtype)
    if spec.shape is not None and len(spec.shape) == 2 and values.ndim == 1:
        values = values[:, None]
    return values


def _missing(value):
    return value is None or value != value
