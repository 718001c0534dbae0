"""predict_log_proba, which several classifiers compute in logarithms: it is finite where the probability is 0 as a float64."""

import pickle
import warnings

import feed
import numpy as np
import pytest
from backend import Backend
from sklearn.datasets import load_digits
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODELS = {
    "gaussian": GaussianNB(),
    "multinomial": MultinomialNB(),
    "bernoulli": BernoulliNB(),
    "complement": ComplementNB(),
    "categorical": CategoricalNB(min_categories=20),
    "lda": LinearDiscriminantAnalysis(),
    "qda": QuadraticDiscriminantAnalysis(reg_param=0.1),
    "centroid": NearestCentroid(),
    "logistic": LogisticRegression(max_iter=50),
    "forest": RandomForestClassifier(5, random_state=0),
    "bagging": BaggingClassifier(GaussianNB(), 5, random_state=0),
    "few rows": BaggingClassifier(GaussianNB(), 5, max_samples=9, random_state=1),  # some members know only some classes
    "pipeline": make_pipeline(StandardScaler(), GaussianNB()),
}
FINITE = {"gaussian", "qda", "bagging", "pipeline"}  # though probabilities of these are 0


@pytest.fixture(scope="module")
def backend():
    return Backend()


@pytest.mark.parametrize("name", MODELS)
def test_logarithms_are_those_of_scikit_learn(backend, tmp_path, name):
    x, y = load_digits(return_X_y=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MODELS[name].fit(x, y)
        expected = model.predict_log_proba(x[:300])
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    with backend.load(str(path), x.shape[1], method="predict_log_proba") as served:
        (answer,) = served.execute(feed.inputs_of(served.inputs, x[:300])).values()
    assert np.allclose(answer, expected, rtol=1e-9, atol=1e-9)
    if name in FINITE:
        assert np.isfinite(answer).all() and (model.predict_proba(x[:300]) == 0).any()
