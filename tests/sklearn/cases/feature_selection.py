"""Selection of features by a score of each."""

from .case import case


CASES = {
    "VarianceThreshold": [case("digits"), case("iris", threshold=0.5), case("iris_holes"), case("digits_sparse")]
    + [case("digits"), case("iris", threshold=0.5), case("iris_holes", threshold=0.3)],
    "SelectKBest": [
        case("cancer", k=5),
        case("iris", k="all"),
        case("counts", lambda sk: sk.SelectKBest(sk.chi2, k=4)),
        case("diabetes", lambda sk: sk.SelectKBest(sk.f_regression, k=3)),
        case("equal_columns", k=2),
        case("digits_sparse", lambda sk: sk.SelectKBest(sk.chi2, k=9)),
        case("table", k=2),
        case("diabetes", lambda sk: sk.SelectKBest(sk.r_regression, k=3)),
    ]
    + [
        case("iris", k=2),
        case("digits", k=20),
        case("digits", lambda sk: sk.SelectKBest(sk.chi2, k=33), options={"label": "chi2"}),
        case("diabetes", lambda sk: sk.SelectKBest(sk.f_regression, k=3), options={"label": "f_regression"}),
        case("iris", lambda sk: sk.SelectKBest(sk.mutual_info_classif, k=1), options={"label": "mutual information"}),
        case("iris", k="all"),
    ],
    "SelectPercentile": [
        case("cancer", percentile=20),
        case("equal_columns", percentile=50),
        case("counts", lambda sk: sk.SelectPercentile(sk.chi2, percentile=30)),
        case("iris", percentile=100),
    ]
    + [case("digits", percentile=percentile) for percentile in (1.5, 10, 33, 50, 97, 100)],
    "SelectFpr": [case("cancer"), case("diabetes", lambda sk: sk.SelectFpr(sk.f_regression, alpha=0.01))]
    + [case("cancer", alpha=1e-6), case("digits")],
    "SelectFdr": [case("cancer"), case("diabetes", lambda sk: sk.SelectFdr(sk.f_regression, alpha=0.01))]
    + [case("cancer"), case("wine", alpha=1e-9)],
    "SelectFwe": [case("cancer"), case("diabetes", lambda sk: sk.SelectFwe(sk.f_regression, alpha=0.01))]
    + [case("cancer", alpha=1e-9), case("wine", alpha=1e-12)],
    "GenericUnivariateSelect": [
        case("cancer", mode=mode, param=param)
        for mode, param in (("percentile", 20), ("k_best", 5), ("fpr", 0.01), ("fdr", 0.01), ("fwe", 0.01))
    ]
    + [
        case("cancer", mode="percentile", param=30),
        case("cancer", mode="k_best", param=7),
        case("cancer", mode="k_best", param="all"),
        case("cancer", mode="fpr", param=0.01),
        case("cancer", mode="fdr", param=0.01),
        case("cancer", mode="fwe", param=0.001),
    ],
}
