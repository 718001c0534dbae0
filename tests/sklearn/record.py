#!/usr/bin/env python3
"""Trains the cases with the scikit-learn at hand and writes them with its answers to tests/fixtures/sklearn/recorded/VERSION.tar.xz.

Run once for each version that must be readable, from the repository's root:

    python3.11 -m venv v15  && v15/bin/pip install scikit-learn==1.5.2 'numpy<2' pandas
    python3.9  -m venv v12  && v12/bin/pip install scikit-learn==1.2.2 'numpy<2' pandas
    python3.8  -m venv v024 && v024/bin/pip install scikit-learn==0.24.2 'numpy<1.24' 'pandas<2'
    v15/bin/python tests/sklearn/record.py

Of each estimator the cases with the smallest models are taken, as many as MODEL_BYTES leaves room for.
"""

import io
import json
import os
import pickle
import tarfile
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is read: threads cost more than they give here
os.environ.setdefault("OMP_NUM_THREADS", "1")

import feed  # noqa: E402
import sklearn  # noqa: E402
from answers import answers_of  # noqa: E402
from cases import all_cases  # noqa: E402
from cases.case import Absent  # noqa: E402
from recorded import FOLDER, plain_answers, plain_rows  # noqa: E402

ROWS = 8  # of those that the data set asks about
CASES = 6  # of an estimator, at most
MODEL_BYTES = 24_000  # of an estimator, beyond its first case


def record(name, case):
    """The model's pickle and the case, or None where this scikit-learn has no such thing."""
    try:
        model = case.estimator(name)
        label = case.name(model)
        x = case.fit(model)
        rows = feed.every(x, max(1, feed.count(x) // ROWS))
        answers = answers_of(model, rows, case.without)
    except Absent:
        return None
    except Exception as error:  # whatever this version says against it
        print(f"    {name}, {case.data}: {error!s:.100}")
        return None
    if not answers:
        return None
    kept = dict(estimator=name, name=label, data=case.data, tolerance=case.tolerance, alone=case.alone, answers=plain_answers(answers))
    return pickle.dumps(model, protocol=4), kept, rows


def chosen(records):
    """The smallest models, the first always."""
    budget = MODEL_BYTES
    for number, one in enumerate(sorted(records, key=lambda one: len(one[0]))):
        budget -= len(one[0]) if number else 0
        if number == CASES or budget < 0:
            return
        yield one


def main():
    warnings.filterwarnings("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{sklearn.__version__}.tar.xz"
    cases, inputs = [], {}
    with tarfile.open(path, "w:xz", preset=9) as archive:

        def add(name, content):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))

        for name, known in sorted(all_cases().items()):
            records = [one for one in (record(name, case) for case in known) if one]
            for model, kept, rows in chosen(records):
                kept["file"] = f"{len(cases):04}.pkl"
                add(kept["file"], model)
                cases.append(kept)
                inputs[kept["data"]] = plain_rows(rows)
        add("inputs.json", json.dumps(inputs).encode())
        add("cases.json", json.dumps(cases).encode())
    print(f"{path}: {len(cases)} cases of {len({case['estimator'] for case in cases})} estimators, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
