"""One estimator of each kind of fitted state (arrays, sparse matrices, trees, strings, named tuples...) in every file format."""

import coverage
import formats
import pytest
from backend import Backend

KINDS = ["CountVectorizer", "IterativeImputer", "LogisticRegression", "RandomForestClassifier", "SVC", "SplineTransformer", "TfidfVectorizer",
         "VotingClassifier"]  # fmt: skip


@pytest.fixture(scope="module")
def backend():
    return Backend()


@pytest.mark.parametrize("name", KINDS)
def test_every_format_is_served_alike(backend, tmp_path, name):
    ((_, cases),) = coverage.estimators([name])
    assert formats.check(backend, tmp_path, name, cases[0]) == []
