"""Ensembles of any estimators."""

from .case import case


def _classifiers(sk):
    return [
        ("lr", sk.LogisticRegression()),
        ("tree", sk.DecisionTreeClassifier(max_depth=3, random_state=0)),
        ("nb", sk.GaussianNB()),
    ]


def _regressors(sk):
    return [("ridge", sk.Ridge()), ("tree", sk.DecisionTreeRegressor(max_depth=3, random_state=0)), ("mean", sk.DummyRegressor())]


CASES = {
    "AdaBoostClassifier": [
        case("iris_names", n_estimators=6, random_state=0),
        case("cancer", n_estimators=8, random_state=0),
        case("iris", algorithm="SAMME.R", n_estimators=5, random_state=0, options={"newest": False}),
        case("iris_names", algorithm="SAMME", n_estimators=5, random_state=0, options={"newest": False}),
        case("cancer", algorithm="SAMME", n_estimators=5, random_state=0, options={"newest": False}),
        case("digits", lambda sk: sk.AdaBoostClassifier(sk.DecisionTreeClassifier(max_depth=4), n_estimators=4, random_state=0)),
        case("iris_two", lambda sk: sk.AdaBoostClassifier(sk.LogisticRegression(), n_estimators=3, random_state=0)),
        case("iris_objects", n_estimators=4, learning_rate=0.5, random_state=0),
    ],
    "AdaBoostRegressor": [
        case("diabetes", n_estimators=6, loss=loss, random_state=0) for loss in ("linear", "square", "exponential")
    ]
    + [case("diabetes", lambda sk: sk.AdaBoostRegressor(sk.Ridge(), n_estimators=4, random_state=0))],
    "BaggingClassifier": [
        case("iris_names", n_estimators=5, random_state=0),
        case("digits", n_estimators=4, max_features=0.5, bootstrap_features=True, random_state=0),
        case("iris_holes", n_estimators=4, random_state=0),
        case("digits", lambda sk: sk.BaggingClassifier(sk.LogisticRegression(), n_estimators=5, max_samples=12, random_state=0)),
        case("iris_names", lambda sk: sk.BaggingClassifier(sk.LinearSVC(), n_estimators=5, random_state=0)),
        case(
            "iris_two", lambda sk: sk.BaggingClassifier(sk.LogisticRegression(), n_estimators=3, max_samples=0.3, random_state=0)
        ),
        case("iris_names", lambda sk: sk.BaggingClassifier(sk.RidgeClassifier(), n_estimators=5, random_state=0)),
        case(
            "wine",
            lambda sk: sk.BaggingClassifier(sk.make_pipeline(sk.StandardScaler(), sk.SVC()), n_estimators=3, random_state=0),
        ),
    ],
    "BaggingRegressor": [
        case("diabetes", n_estimators=5, random_state=0),
        case("diabetes", lambda sk: sk.BaggingRegressor(sk.SVR(), n_estimators=3, max_features=4, random_state=0)),
        case("diabetes_two", n_estimators=4, random_state=0),
    ],
    "VotingClassifier": [
        case("iris_names", lambda sk, params=params: sk.VotingClassifier(_classifiers(sk), **params))
        for params in (
            dict(),
            dict(voting="soft"),
            dict(voting="soft", weights=[1, 2.5, 1]),
            dict(weights=[2, 1, 1]),
            dict(voting="soft", flatten_transform=False),
        )
    ]
    + [
        case("iris_two", lambda sk: sk.VotingClassifier([*_classifiers(sk), ("none", "drop")])),
        case("iris_two", lambda sk: sk.VotingClassifier([("none", "drop"), *_classifiers(sk)], voting="soft", weights=[9, 3, 1, 2])),
        case(
            "texts",
            lambda sk: sk.VotingClassifier(
                [
                    ("counts", sk.make_pipeline(sk.CountVectorizer(), sk.MultinomialNB())),
                    ("tfidf", sk.make_pipeline(sk.TfidfVectorizer(), sk.LogisticRegression())),
                ],
                voting="soft",
            ),
        ),
        case("iris_objects", lambda sk: sk.VotingClassifier(_classifiers(sk))),
    ],
    "VotingRegressor": [
        case("diabetes", lambda sk: sk.VotingRegressor(_regressors(sk))),
        case("diabetes", lambda sk: sk.VotingRegressor(_regressors(sk), weights=[1, 2, 0.5])),
    ],
    "StackingClassifier": [
        case(data, lambda sk, params=params: sk.StackingClassifier(_classifiers(sk), cv=2, **params))
        for data in ("iris_names", "iris_two")
        for params in (dict(), dict(passthrough=True), dict(stack_method="predict"))
    ]
    + [
        case(
            "iris_names",
            lambda sk: sk.StackingClassifier(
                [*_classifiers(sk), ("svc", sk.LinearSVC())], cv=2, final_estimator=sk.RandomForestClassifier(4, random_state=0)
            ),
        ),
        case("iris_names", lambda sk: sk.StackingClassifier([*_classifiers(sk), ("none", "drop")], cv=2)),
        case(
            "multilabel",
            lambda sk: sk.StackingClassifier(
                [("a", sk.RandomForestClassifier(4, random_state=0)), ("b", sk.MLPClassifier((4,), max_iter=20, random_state=0))],
                cv=2,
                final_estimator=sk.RandomForestClassifier(3, random_state=0),
            ),
        ),
    ],
    "StackingRegressor": [
        case("diabetes", lambda sk: sk.StackingRegressor(_regressors(sk), cv=2)),
        case(
            "diabetes",
            lambda sk: sk.StackingRegressor(
                _regressors(sk), cv=2, passthrough=True, final_estimator=sk.RandomForestRegressor(4, random_state=0)
            ),
        ),
    ],
}
