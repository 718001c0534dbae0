"""Selection of features by a score of each."""

from .case import case


CASES = {
    "VarianceThreshold": [case("digits"), case("iris", threshold=0.5), case("iris_holes"), case("digits_sparse")],
    "SelectKBest": [
        case("cancer", k=5),
        case("iris", k="all"),
        case("counts", lambda sk: sk.SelectKBest(sk.chi2, k=4)),
        case("diabetes", lambda sk: sk.SelectKBest(sk.f_regression, k=3)),
        case("equal_columns", k=2),
        case("digits_sparse", lambda sk: sk.SelectKBest(sk.chi2, k=9)),
        case("table", k=2),
        case("diabetes", lambda sk: sk.SelectKBest(sk.r_regression, k=3)),
    ],
    "SelectPercentile": [
        case("cancer", percentile=20),
        case("equal_columns", percentile=50),
        case("counts", lambda sk: sk.SelectPercentile(sk.chi2, percentile=30)),
        case("iris", percentile=100),
    ],
    "SelectFpr": [case("cancer"), case("diabetes", lambda sk: sk.SelectFpr(sk.f_regression, alpha=0.01))],
    "SelectFdr": [case("cancer"), case("diabetes", lambda sk: sk.SelectFdr(sk.f_regression, alpha=0.01))],
    "SelectFwe": [case("cancer"), case("diabetes", lambda sk: sk.SelectFwe(sk.f_regression, alpha=0.01))],
    "GenericUnivariateSelect": [
        case("cancer", mode=mode, param=param)
        for mode, param in (("percentile", 20), ("k_best", 5), ("fpr", 0.01), ("fdr", 0.01), ("fwe", 0.01))
    ],
}
