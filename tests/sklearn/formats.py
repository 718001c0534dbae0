#!/usr/bin/env python3
"""Whether a model is served alike from every file format that it may be saved in.

    python tests/sklearn/formats.py [--only NAME ...]

Trains one case of each estimator that is served from a pickle, saves it in all the other formats and compares the answers bit by bit.
Formats whose library is not at hand are left out.
"""

import argparse
import pickle
import sys
import tempfile
import warnings
from pathlib import Path

import coverage
import feed
import joblib
import numpy as np
from backend import Backend, Refused
from cases.case import Absent

try:
    import skops.io as skops
except ImportError:
    skops = None
try:
    import cloudpickle
except ImportError:
    cloudpickle = None


def _pickled(protocol):
    return lambda model, path: path.write_bytes(pickle.dumps(model, protocol=protocol))


def _joblib(compress):
    return lambda model, path: joblib.dump(model, path, compress=compress)


def _remapped(model, path):
    """A model that was loaded from a memory-mapped file and saved once more."""
    joblib.dump(model, path)
    path.write_bytes(pickle.dumps(joblib.load(path, mmap_mode="r"), protocol=4))


def formats():
    yield from ((f"pickle{protocol}.pkl", _pickled(protocol)) for protocol in range(5))
    yield from ((f"{name or 'plain'}.joblib", _joblib(name)) for name in (None, "zlib", "gzip", "bz2", "lzma", "xz"))
    yield "remapped.pkl", _remapped
    if cloudpickle:
        yield "cloudpickle.pkl", lambda model, path: path.write_bytes(cloudpickle.dumps(model))
    if skops:
        import zipfile

        for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
            yield f"{name}.skops", lambda model, path, method=method: skops.dump(model, path, compression=method)


def answers(backend, path, x):
    with backend.load(path) as model:
        return model.execute(feed.inputs_of(model.inputs, x))


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key], equal_nan=one[key].dtype.kind == "f") for key in one)


def check(backend, folder, name, case):
    """Pairs of a format and what is wrong with it; None where the model is not served from a pickle either."""
    model = case.estimator(name)
    x = case.fit(model)
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(model, protocol=5))
    try:
        expected = answers(backend, path, x)
    except Refused:
        return None
    wrong = []
    for file, save in formats():
        path = folder / file
        try:
            save(model, path)
        except Exception as error:  # the format's own library refuses this estimator
            if not file.endswith(".skops"):
                wrong.append((file, f"cannot be saved: {error}"))
            continue
        try:
            if not same(expected, answers(backend, path, x)):
                wrong.append((file, "differs"))
        except Refused as error:
            wrong.append((file, str(error)))
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", help="the shared object; default: that of the release build")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    backend = Backend(arguments.backend)
    served = broken = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, cases in coverage.estimators(arguments.only):
            try:
                wrong = check(backend, Path(folder), name, cases[0])
            except (Absent, IndexError):
                continue
            except Exception as error:
                print(f"broken   {name}: {type(error).__name__}: {error}")
                continue
            served += wrong == []
            broken += bool(wrong)
            for file, reason in wrong or ():
                print(f"differs  {name} {file}: {reason}"[:300], flush=True)
    print(f"{served} estimators are served alike from every format, {broken} are not")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
