"""Every estimator of scikit-learn, of the version at hand and of older ones, against what scikit-learn answers."""

import pytest
import recorded
import sklearn
import table
from backend import Backend
from coverage import everything


@pytest.fixture(scope="module")
def found():
    return everything(Backend())


def wrong(found, kinds=("differs", "crashed", "broken")):
    return [
        f"{name}, {case}: {finding.method} {finding.kind}: {finding.detail}"
        for name, results in found.items()
        for case, findings in results
        for finding in findings
        if finding.kind in kinds
    ]


def test_what_is_served_is_what_the_newest_scikit_learn_answers(found):
    assert wrong(found[0]) == []


@pytest.mark.parametrize("version", list(recorded.archives()))
def test_what_is_served_is_what_an_older_scikit_learn_answered(found, version):
    assert wrong(found[1][version]) == []


def test_the_table_in_the_docs_is_what_was_found(found):
    assert table.on_page() == table.make(sklearn.__version__, *found), "run tests/sklearn/coverage.py --update-docs"
