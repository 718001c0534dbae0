"""sklearn.naive_bayes."""

from .case import case

_counts = [case("counts"), case("digits", alpha=0.3), case("digits_sparse"), case("counts", fit_prior=False), case("counts_two")]

CASES = {
    "GaussianNB": [
        case("iris_names"),
        case("cancer"),
        case("wine", var_smoothing=1e-3),
        case("iris_two", priors=[0.3, 0.7]),
        case("iris_objects"),
        case("table"),
    ],
    "MultinomialNB": _counts + [case("counts", alpha=0, force_alpha=True)],
    "ComplementNB": _counts + [case("digits", norm=True)],
    "BernoulliNB": _counts + [case("iris_names", binarize=3.0), case("digits", binarize=8.0, alpha=1e-3)],
    "CategoricalNB": [case("levels"), case("levels", alpha=0.1, fit_prior=False), case("levels", min_categories=12)],
}
