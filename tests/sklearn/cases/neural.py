"""sklearn.neural_network."""

from .case import case

_small = dict(hidden_layer_sizes=(7, 5), max_iter=60, random_state=0)

CASES = {
    "MLPClassifier": [
        case("iris_names", activation=activation, **_small) for activation in ("relu", "tanh", "logistic", "identity")
    ]
    + [
        case("cancer", **_small),
        case("iris_two", **_small),
        case("multilabel", **_small),
        case("iris_objects", **_small),
        case("digits", hidden_layer_sizes=(16,), max_iter=30, random_state=0),
        case("iris", hidden_layer_sizes=(), max_iter=30, random_state=0),
        case("iris", solver="lbfgs", **_small),
    ],
    "MLPRegressor": [case("diabetes", activation=activation, **_small) for activation in ("relu", "tanh", "logistic", "identity")]
    + [case("diabetes_two", **_small), case("diabetes", solver="lbfgs", **_small), case("diabetes", loss="poisson", **_small)],
    "BernoulliRBM": [case("digits_unit", n_components=8, n_iter=3, random_state=0, options={"without": ["score_samples"]})],
}
