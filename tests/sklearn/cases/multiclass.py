"""Wrappers that make many classes or targets of one: sklearn.multiclass and sklearn.multioutput."""

from .case import case

CASES = {
    "OneVsRestClassifier": [
        case(data, lambda sk: sk.OneVsRestClassifier(sk.LogisticRegression()))
        for data in ("iris_names", "iris_two", "multilabel", "iris_objects")
    ]
    + [
        case("iris_names", lambda sk: sk.OneVsRestClassifier(sk.LinearSVC(random_state=0))),
        case("digits", lambda sk: sk.OneVsRestClassifier(sk.DecisionTreeClassifier(max_depth=4))),
        case("multilabel", lambda sk: sk.OneVsRestClassifier(sk.SVC())),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.OneVsRestClassifier(sk.LogisticRegression()))),
    ],
    "OneVsOneClassifier": [
        case("iris_names", lambda sk: sk.OneVsOneClassifier(sk.LinearSVC(random_state=0))),
        case("digits", lambda sk: sk.OneVsOneClassifier(sk.LogisticRegression())),
        case("iris_two", lambda sk: sk.OneVsOneClassifier(sk.LogisticRegression())),
        case("wine", lambda sk: sk.OneVsOneClassifier(sk.DecisionTreeClassifier(max_depth=2))),
    ],
    "OutputCodeClassifier": [
        case("iris_names", lambda sk: sk.OutputCodeClassifier(sk.LogisticRegression(), code_size=2, random_state=0)),
        case(
            "digits", lambda sk: sk.OutputCodeClassifier(sk.DecisionTreeClassifier(max_depth=5, random_state=0), random_state=0)
        ),
        case("wine", lambda sk: sk.OutputCodeClassifier(sk.LinearSVC(random_state=0), code_size=3, random_state=0)),
    ],
    "MultiOutputClassifier": [
        case("multiclass_two", lambda sk: sk.MultiOutputClassifier(sk.LogisticRegression())),
        case("multilabel", lambda sk: sk.MultiOutputClassifier(sk.RandomForestClassifier(5, random_state=0))),
        case("multiclass_names", lambda sk: sk.MultiOutputClassifier(sk.KNeighborsClassifier())),
        case("multilabel", lambda sk: sk.MultiOutputClassifier(sk.LinearSVC())),
    ],
    "MultiOutputRegressor": [
        case("diabetes_two", lambda sk: sk.MultiOutputRegressor(sk.Ridge())),
        case("diabetes_two", lambda sk: sk.MultiOutputRegressor(sk.GradientBoostingRegressor(n_estimators=5, random_state=0))),
    ],
    "ClassifierChain": [
        case("multilabel", lambda sk: sk.ClassifierChain(sk.LogisticRegression(), order=[2, 0, 1])),
        case("multilabel", lambda sk: sk.ClassifierChain(sk.LogisticRegression(), order="random", random_state=1)),
        case("multilabel", lambda sk: sk.ClassifierChain(sk.LogisticRegression(), cv=3)),
        case("multilabel", lambda sk: sk.ClassifierChain(sk.DecisionTreeClassifier(max_depth=3), chain_method="predict_proba")),
    ],
    "RegressorChain": [
        case("diabetes_two", lambda sk: sk.RegressorChain(sk.Ridge())),
        case("diabetes_three", lambda sk: sk.RegressorChain(sk.DecisionTreeRegressor(max_depth=3), order=[2, 0, 1])),
        case("diabetes_two", lambda sk: sk.RegressorChain(sk.Ridge(), cv=3)),
    ],
}
