#!/usr/bin/env python3
"""What scikit-learn models cost, served by the backend and by the libraries in Python: one JSON object a line.

    build/bench/venv/bin/python bench/sklearn_rates.py SECONDS EXECUTE_OFTEN

Both run in this process, one thread each, in turns of SECONDS. The libraries are called from Python, as they can be; the backend from
C++, as the server does it, CALLS times between two looks at the clock where a call has one row: by the library EXECUTE_OFTEN
(bench/execute_often.cc). A line has the case, the rows of a call, whom it is compared with, and the median seconds of a call of each:
"plinth" and "other".
"""

import ctypes
import json
import os
import pickle
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_variable] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sklearn"))

import joblib  # noqa: E402
import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
import skl2onnx  # noqa: E402
import xgboost  # noqa: E402
from backend import Backend  # noqa: E402
from sklearn.datasets import make_classification  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

CALLS = {1: 100, 10_000: 1}  # by the rows of a call
FEATURES = 30
ROUNDS = 5


def numbers():
    x, y = make_classification(14_000, FEATURES, n_informative=12, random_state=0)
    return x[:4000], y[:4000], x[4000:]


def texts():
    """Short texts of two kinds, which use the same words differently often."""
    random = np.random.default_rng(0)
    words = np.array(["".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), random.integers(3, 10))) for _ in range(3000)])
    often = [random.zipf(1.3, size=(14_000, 12)) % len(words), (random.zipf(1.3, size=(14_000, 12)) + 7) % len(words)]
    y = random.integers(2, size=14_000)
    lines = [" ".join(words[often[kind][i]]) for i, kind in enumerate(y)]
    return lines[:4000], y[:4000], lines[4000:]


def seconds_a_call(call, calls, seconds):
    """The median over calls for about so long, at least three; `call` makes so many at once."""
    taken, end = [], time.perf_counter() + seconds
    while len(taken) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) / calls)
    return statistics.median(taken)


def in_turns(plinth, calls, other, seconds):
    """The median of each one's turns."""
    taken = [(seconds_a_call(plinth, calls, seconds), seconds_a_call(other, 1, seconds)) for _ in range(ROUNDS)]
    return [statistics.median(turns) for turns in zip(*taken)]


class Bench:
    def __init__(self, seconds, execute_often, folder):
        self._backend = Backend()
        self._execute_often = execute_often
        self._seconds = seconds
        self._folder = folder

    def compare(self, what, model, x, other, predict, tolerance=1e-9):
        """`predict(rows)` gives what `model`, served with predict_proba, must give, too."""
        path = self._folder / "model.pkl"
        path.write_bytes(pickle.dumps(model, protocol=5))
        with self._backend.load(path, method="predict_proba") as served:
            for rows, calls in CALLS.items():
                some = x[:rows]
                given = {served.inputs[0].name: np.array(some, dtype=object) if isinstance(some, list) else some}
                np.testing.assert_allclose(served.execute(given)["probabilities"], predict(some), rtol=tolerance, atol=tolerance)
                ours = served.prepared(given, self._execute_often, calls)
                plinth, theirs = in_turns(ours, calls, lambda: predict(some), self._seconds)
                self.tell(what, f"{rows:,} row{'s' * (rows > 1)}", other, plinth, theirs)

    def load(self, what, model):
        path = self._folder / "model.joblib"
        joblib.dump(model, path)

        def read():
            with self._backend.load(path):
                pass

        self.tell(what, "load", "joblib.load", *in_turns(read, 1, lambda: joblib.load(path), self._seconds))

    def tell(self, what, how, other, plinth, theirs):
        print(json.dumps({"what": what, "how": how, "against": other, "plinth": plinth, "other": theirs}), flush=True)


def onnx_forest(forest):
    """The forest in ONNX Runtime, which computes it in float32."""
    types = [("X", skl2onnx.common.data_types.FloatTensorType([None, FEATURES]))]
    model = skl2onnx.convert_sklearn(forest, initial_types=types, options={id(forest): {"zipmap": False}})
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda rows: session.run(["probabilities"], {"X": rows.astype(np.float32)})[0]


def main():
    warnings.filterwarnings("ignore")
    x, y, more = numbers()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(float(sys.argv[1]), ctypes.CDLL(sys.argv[2]).execute_often, Path(folder))
        logistic = LogisticRegression().fit(x, y)
        bench.compare("logistic regression, 30 features", logistic, more, "scikit-learn", logistic.predict_proba)
        lines, kinds, more_lines = texts()
        text = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(lines, kinds)
        bench.compare("TF-IDF and logistic regression, 12 words", text, more_lines, "scikit-learn", text.predict_proba)
        svc = SVC(probability=True, random_state=0).fit(x[:2000], y[:2000])
        bench.compare("SVC with RBF, 2,000 rows", svc, more, "scikit-learn", svc.predict_proba)
        neighbours = KNeighborsClassifier().fit(x, y)
        bench.compare("k nearest neighbours, 4,000 rows", neighbours, more, "scikit-learn", neighbours.predict_proba)
        forest = RandomForestClassifier(500, random_state=0, n_jobs=1).fit(x, y)
        bench.compare("random forest, 500 trees", forest, more, "scikit-learn", forest.predict_proba)
        bench.compare("random forest, 500 trees", forest, more, "ONNX Runtime", onnx_forest(forest), tolerance=2e-5)
        bench.load("random forest, 500 trees", forest)
        boosted = HistGradientBoostingClassifier(max_iter=300, early_stopping=False).fit(x, y)
        bench.compare("HistGradientBoosting, 300 trees", boosted, more, "scikit-learn", boosted.predict_proba)
        xgb = xgboost.XGBClassifier(n_estimators=300, max_depth=6, n_jobs=1).fit(x, y)
        bench.compare("XGBoost, 300 trees", xgb, more, "XGBoost", xgb.predict_proba, tolerance=1e-6)
        lgbm = lightgbm.LGBMClassifier(n_estimators=300, n_jobs=1, verbose=-1).fit(x, y)
        bench.compare("LightGBM, 300 trees", lgbm, more, "LightGBM", lgbm.predict_proba)


if __name__ == "__main__":
    main()
