"""Trees, forests, and boosting."""

from .case import case

_classifier = [
    case("iris_names"),
    case("cancer", criterion="entropy", max_depth=4),
    case("digits", max_leaf_nodes=12),
    case("multiclass_two"),
    case("multiclass_names", max_depth=4),
    case("iris_objects", class_weight="balanced", min_samples_leaf=5),
    case("iris_two", ccp_alpha=0.01),
    case("table"),
    case("digits_sparse", max_depth=5),
    case("multilabel", max_depth=3),
]
_regressor = [
    case("diabetes", max_depth=5),
    case("diabetes_two", max_depth=4),
    case("diabetes", criterion="absolute_error", max_depth=3),
    case("counts", criterion="poisson", max_depth=4),
    case("diabetes", min_samples_leaf=7, max_features=3, random_state=0),
    case("diabetes_sparse", max_depth=4),
]
_few = dict(n_estimators=6, random_state=0)


def _with(cases, **params):
    return [case(c.data, **{**c.params, **params}) for c in cases]


# X comes to the init in float32, and a line then computes in it.
_FLOAT32 = {"tolerance": 1e-4}
_monotonic = dict(monotonic_cst=[1, 0, -1, 0], max_depth=4)

CASES = {
    "DecisionTreeClassifier": _with(_classifier, random_state=0)
    + [case("iris_holes", random_state=0), case("iris_two", **_monotonic)],
    "DecisionTreeRegressor": _with(_regressor, random_state=0) + [case("diabetes_holes", max_depth=5, random_state=0)],
    "ExtraTreeClassifier": _with(_classifier, random_state=0) + [case("iris_holes", random_state=0)],
    "ExtraTreeRegressor": _with(_regressor, random_state=0) + [case("diabetes_holes", random_state=0)],
    "RandomForestClassifier": _with(_classifier, **_few)
    + [
        case("iris_holes", **_few),
        case("cancer", max_samples=0.5, oob_score=True, n_estimators=30, random_state=0),
        case("iris_two", **_few, **_monotonic),
    ],
    "RandomForestRegressor": _with(_regressor, **_few) + [case("diabetes_holes", **_few)],
    "ExtraTreesClassifier": _with(_classifier, **_few) + [case("iris_holes", **_few)],
    "ExtraTreesRegressor": _with(_regressor, **_few) + [case("diabetes_holes", **_few)],
    "RandomTreesEmbedding": [
        case("iris", n_estimators=5, max_depth=3, random_state=0),
        case("digits", n_estimators=3, max_leaf_nodes=6, sparse_output=False, random_state=0),
    ],
    "IsolationForest": [
        case("iris_far", n_estimators=10, random_state=0),
        case("digits", n_estimators=8, max_features=0.5, contamination=0.1, random_state=0),
        case("iris_far", n_estimators=10, max_samples=40, bootstrap=True, random_state=0),
        case("iris_far", n_estimators=5, max_samples=1, random_state=0),
        case("table", n_estimators=5, contamination=0.05, random_state=0),
    ],
    "GradientBoostingClassifier": [
        case("iris_names", n_estimators=6),
        case("cancer", n_estimators=8, learning_rate=0.5),
        case("cancer", loss="exponential", n_estimators=6),
        case("iris", init="zero", n_estimators=4),
        case("digits", n_estimators=3, subsample=0.5, random_state=0),
        case("iris_two", lambda sk: sk.GradientBoostingClassifier(n_estimators=4, init=sk.LogisticRegression()), options=_FLOAT32),
        # Before 1.4 scikit-learn mixed up the numbers of an init with transposed probabilities, such as GaussianNB.
        case("iris", lambda sk: sk.GradientBoostingClassifier(n_estimators=4, init=sk.LogisticRegression()), options=_FLOAT32),
        case("iris_objects", n_estimators=20, n_iter_no_change=2, random_state=0),
    ],
    "GradientBoostingRegressor": [
        case("diabetes", n_estimators=8, loss=loss) for loss in ("squared_error", "absolute_error", "huber", "quantile")
    ]
    + [
        case("diabetes", init="zero", n_estimators=5),
        case("diabetes", lambda sk: sk.GradientBoostingRegressor(n_estimators=4, init=sk.Ridge()), options=_FLOAT32),
        case("diabetes", n_estimators=5, loss="ls", options={"newest": False}),
        case("diabetes", n_estimators=5, loss="lad", options={"newest": False}),
        case("diabetes_sparse", n_estimators=5),
    ],
    "HistGradientBoostingClassifier": [
        case("iris_names", max_iter=6),
        case("cancer", max_iter=8),
        case("iris_holes", max_iter=6),
        case("cancer_holes", max_iter=8, max_leaf_nodes=6),
        case("levels", max_iter=5, categorical_features=[0, 2]),
        case("categories_mixed", max_iter=6, categorical_features="from_dtype"),
        case("digits", max_iter=4, max_depth=3),
        case("iris_objects", max_iter=10, early_stopping=True, random_state=0),
        case("table", max_iter=4),
        case("levels_holes", max_iter=5, categorical_features=[True, False, True, False]),
        case("iris_two", max_iter=6, monotonic_cst=[1, 0, -1, 0]),
        case("cancer", max_iter=4, class_weight="balanced", max_bins=16),
    ],
    "HistGradientBoostingRegressor": [
        case("diabetes", max_iter=8, loss=loss) for loss in ("squared_error", "absolute_error", "poisson", "gamma")
    ]
    + [
        case("diabetes", max_iter=6, loss="quantile", quantile=0.8),
        case("diabetes_holes", max_iter=8),
        case("levels_regression", max_iter=6, categorical_features=[0, 1]),
        case("counts", loss="poisson", max_iter=6),
        case("diabetes", max_iter=5, loss="least_squares", options={"newest": False}),
        case("diabetes", max_iter=5, l2_regularization=1.0, min_samples_leaf=3, interaction_cst="no_interactions"),
    ],
}
