"""Feature selectors that look at one column at a time."""

from .case import case


CASES = {
    "GenericUnivariateSelect": [
        case("cancer", mode="percentile", param=30),
        case("cancer", mode="k_best", param=7),
        case("cancer", mode="k_best", param="all"),
        case("cancer", mode="fpr", param=0.01),
        case("cancer", mode="fdr", param=0.01),
        case("cancer", mode="fwe", param=0.001),
    ],
    "SelectFdr": [case("cancer"), case("wine", alpha=1e-9)],
    "SelectFpr": [case("cancer", alpha=1e-6), case("digits")],
    "SelectFwe": [case("cancer", alpha=1e-9), case("wine", alpha=1e-12)],
    "SelectKBest": [
        case("iris", k=2),
        case("digits", k=20),
        case("digits", lambda sk: sk.SelectKBest(sk.chi2, k=33), options={"label": "chi2"}),
        case("diabetes", lambda sk: sk.SelectKBest(sk.f_regression, k=3), options={"label": "f_regression"}),
        case("iris", lambda sk: sk.SelectKBest(sk.mutual_info_classif, k=1), options={"label": "mutual information"}),
        case("iris", k="all"),
    ],
    "SelectPercentile": [case("digits", percentile=percentile) for percentile in (1.5, 10, 33, 50, 97, 100)],
    "VarianceThreshold": [case("digits"), case("iris", threshold=0.5), case("iris_holes", threshold=0.3)],
}
