"""Models of older versions of scikit-learn with what these answered, one archive a version, so that they can be checked without them.

An archive is a tar.xz of the models' pickles, of inputs.json (the rows asked about, by the data set's name) and of cases.json.
"""

import json
import tarfile
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "sklearn" / "recorded"
# What hangs on which of several equally far texts numpy.argpartition took on the machine that recorded it.
TIED = {"texts, Pipeline(steps=[('tfidfvectorizer', TfidfVectorizer()), ('kneighborsclassifier', KNeighborsClassifier(n_neighbors=3))])"}


def archives():
    """Maps each version to its archive."""
    return {path.name[: -len(".tar.xz")]: path for path in sorted(FOLDER.glob("*.tar.xz"))}


def plain_rows(x):
    """Rows as JSON holds them: those of feed.py."""
    if hasattr(x, "columns"):
        return {"table": {str(name): x[name].tolist() for name in x.columns}}
    if isinstance(x, list):
        return {"rows": x}
    x = np.asarray(x.todense()) if hasattr(x, "todense") else np.asarray(x)
    return {"matrix": x.tolist(), "dtype": x.dtype.name if x.dtype.kind in "fiu" else "object"}


def rows_of(plain):
    if "table" in plain:
        return {name: np.array(values, dtype=None if _numbers(values) else object) for name, values in plain["table"].items()}
    return np.array(plain["matrix"], dtype=plain["dtype"]) if "matrix" in plain else plain["rows"]


def _numbers(values):
    return all(isinstance(value, (int, float)) for value in values)


def plain_answers(answers):
    return {
        method: [{"dtype": part.dtype.name if part.dtype.kind in "fiu" else "object", "shape": part.shape, "data": part.ravel().tolist()} for part in parts]
        for method, parts in answers.items()
    }


def answers_in(plain):
    return {
        method: [np.array(part["data"], dtype=part["dtype"]).reshape(part["shape"]) for part in parts]
        for method, parts in plain.items()
    }


def read(path, folder):
    """Unpacks an archive into `folder`. Yields each case as a dictionary: estimator, name, tolerance, path, x, answers, alone."""
    with tarfile.open(path) as archive:
        archive.extractall(folder)
    inputs = {name: rows_of(plain) for name, plain in json.loads((folder / "inputs.json").read_text()).items()}
    for case in json.loads((folder / "cases.json").read_text()):
        case.update(path=folder / case.pop("file"), x=inputs[case.pop("data")], answers=answers_in(case["answers"]))
        yield case
