"""Searches, thresholds, calibration, and selection of features by an estimator: wrappers around one other estimator."""

from .case import case

CASES = {
    "GridSearchCV": [
        case("iris_names", lambda sk: sk.GridSearchCV(sk.LogisticRegression(), {"C": [0.1, 1.0]}, cv=3)),
        case("digits", lambda sk: sk.GridSearchCV(sk.PCA(), {"n_components": [3, 4]}, cv=2)),
        case(
            "iris_names",
            lambda sk: sk.GridSearchCV(sk.make_pipeline(sk.StandardScaler(), sk.SVC()), {"svc__C": [0.1, 1.0]}, cv=2),
        ),
        case("iris", lambda sk: sk.GridSearchCV(sk.KMeans(random_state=0, n_init=1), {"n_clusters": [2, 3]}, cv=2)),
    ],
    "RandomizedSearchCV": [
        case(
            "diabetes", lambda sk: sk.RandomizedSearchCV(sk.Ridge(), {"alpha": [0.1, 1.0, 10.0]}, n_iter=2, cv=2, random_state=0)
        )
    ],
    "HalvingGridSearchCV": [
        case("iris", lambda sk: sk.HalvingGridSearchCV(sk.LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, random_state=0))
    ],
    "HalvingRandomSearchCV": [
        case("diabetes", lambda sk: sk.HalvingRandomSearchCV(sk.Ridge(), {"alpha": [0.1, 1.0]}, cv=2, random_state=0))
    ],
    "FixedThresholdClassifier": [
        case("cancer", lambda sk: sk.FixedThresholdClassifier(sk.LogisticRegression(), threshold=0.3)),
        case("iris_two", lambda sk: sk.FixedThresholdClassifier(sk.LinearSVC(), threshold=0.4)),
        case(
            "two_classes_names", lambda sk: sk.FixedThresholdClassifier(sk.LogisticRegression(), threshold=0.8, pos_label="good")
        ),
    ],
    "TunedThresholdClassifierCV": [
        case("cancer", lambda sk: sk.TunedThresholdClassifierCV(sk.LogisticRegression(), cv=2)),
        case("iris_two", lambda sk: sk.TunedThresholdClassifierCV(sk.DecisionTreeClassifier(max_depth=2), cv=2, random_state=0)),
    ],
    "CalibratedClassifierCV": [
        case(
            data,
            lambda sk, method=method, ensemble=ensemble: sk.CalibratedClassifierCV(
                sk.LinearSVC(random_state=0), method=method, ensemble=ensemble, cv=2
            ),
        )
        for data in ("iris_names", "iris_two")
        for method in ("sigmoid", "isotonic", "temperature")
        for ensemble in (True, False)
    ]
    + [
        case("iris_names", cv=2),
        case("digits", lambda sk: sk.CalibratedClassifierCV(sk.RandomForestClassifier(5, random_state=0), cv=2)),
        case("cancer", lambda sk: sk.CalibratedClassifierCV(sk.GaussianNB(), method="isotonic", cv=3)),
        case("texts_two", lambda sk: sk.CalibratedClassifierCV(sk.make_pipeline(sk.TfidfVectorizer(), sk.LinearSVC()), cv=2)),
    ],
    "SelfTrainingClassifier": [
        case("half_labelled", lambda sk: sk.SelfTrainingClassifier(sk.LogisticRegression())),
        case("half_labelled", lambda sk: sk.SelfTrainingClassifier(sk.DecisionTreeClassifier(max_depth=2), criterion="k_best")),
    ],
    "TransformedTargetRegressor": [
        case("diabetes"),
        case("diabetes", lambda sk: sk.TransformedTargetRegressor(sk.Ridge(), func=_np().log1p, inverse_func=_np().expm1)),
        case("diabetes", lambda sk: sk.TransformedTargetRegressor(sk.Ridge(), func=_np().sqrt, inverse_func=_np().square)),
        case("diabetes", lambda sk: sk.TransformedTargetRegressor(sk.Ridge(), func=_np().log, inverse_func=_np().exp)),
    ]
    + [
        case(
            data,
            lambda sk, name=name, params=params: sk.TransformedTargetRegressor(
                sk.Ridge(), transformer=getattr(sk, name)(**params)
            ),
        )
        for data in ("diabetes", "diabetes_two")
        for name, params in (
            ("StandardScaler", {}),
            ("MinMaxScaler", {}),
            ("RobustScaler", {}),
            ("MaxAbsScaler", {}),
            ("PowerTransformer", {}),
            ("QuantileTransformer", {"n_quantiles": 50, "output_distribution": "normal"}),
            ("QuantileTransformer", {"n_quantiles": 40}),
        )
    ]
    + [
        case(
            "diabetes",
            lambda sk: sk.TransformedTargetRegressor(
                sk.RandomForestRegressor(5, random_state=0), transformer=sk.make_pipeline(sk.StandardScaler(), sk.MinMaxScaler())
            ),
        ),
        case("diabetes", lambda sk: sk.TransformedTargetRegressor(sk.Ridge(), transformer=sk.PowerTransformer(method="box-cox"))),
        case(
            "diabetes",
            lambda sk: sk.TransformedTargetRegressor(
                sk.Ridge(), transformer=sk.FunctionTransformer(_np().log1p, inverse_func=_np().expm1)
            ),
        ),
    ],
    "FrozenEstimator": [
        case("iris_names", lambda sk: _frozen(sk, sk.LogisticRegression(), "iris_names")),
        case("iris", lambda sk: _frozen(sk, sk.PCA(2), "iris")),
    ],
    "RFE": [
        case("cancer", lambda sk: sk.RFE(sk.LogisticRegression(), n_features_to_select=6, step=4)),
        case("diabetes", lambda sk: sk.RFE(sk.SVR(kernel="linear"), n_features_to_select=3)),
        case("table", lambda sk: sk.RFE(sk.DecisionTreeClassifier(max_depth=3, random_state=0))),
    ],
    "RFECV": [
        case("wine", lambda sk: sk.RFECV(sk.LogisticRegression(), step=4, cv=2)),
        case("diabetes", lambda sk: sk.RFECV(sk.Ridge(), step=3, cv=2)),
    ],
    "SelectFromModel": [
        case("cancer", lambda sk: sk.SelectFromModel(sk.LogisticRegression(C=0.1))),
        case("digits", lambda sk: sk.SelectFromModel(sk.RandomForestClassifier(5, random_state=0), threshold="1.25*median")),
        case("diabetes", lambda sk: sk.SelectFromModel(sk.Lasso(0.5))),
        case("wine", lambda sk: sk.SelectFromModel(sk.LinearSVC(penalty="l1", dual=False, random_state=0))),
        case(
            "digits",
            lambda sk: sk.SelectFromModel(sk.ExtraTreesClassifier(5, random_state=0), max_features=7, threshold=-float("inf")),
        ),
        case("iris", lambda sk: sk.SelectFromModel(sk.LogisticRegression(), threshold=2.0, norm_order=2)),
        case(
            "cancer",
            lambda sk: sk.SelectFromModel(sk.GradientBoostingClassifier(n_estimators=5, random_state=0), threshold="mean"),
        ),
        case("diabetes", lambda sk: sk.SelectFromModel(sk.LassoCV(cv=2), threshold=1e-4)),
    ],
    "SequentialFeatureSelector": [
        case("iris", lambda sk: sk.SequentialFeatureSelector(sk.KNeighborsClassifier(3), n_features_to_select=2, cv=2)),
        case("diabetes", lambda sk: sk.SequentialFeatureSelector(sk.Ridge(), n_features_to_select=3, direction="backward", cv=2)),
    ],
}


def _np():
    import numpy

    return numpy


def _frozen(sk, model, data):
    from data import load

    x, y, _ = load(data)
    return sk.FrozenEstimator(model.fit(x, y))
