"""sklearn.linear_model, and the linear ones of sklearn.svm."""

from .case import case

_regressors = [
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "HuberRegressor",
    "Lars",
    "Lasso",
    "LassoLars",
    "LinearRegression",
    "OrthogonalMatchingPursuit",
    "PassiveAggressiveRegressor",
    "SGDRegressor",
    "TheilSenRegressor",
    "LinearSVR",
    "RANSACRegressor",
]
_chosen_by_cv = ["ElasticNetCV", "LarsCV", "LassoCV", "LassoLarsCV", "OrthogonalMatchingPursuitCV"]
_generalised = ["GammaRegressor", "PoissonRegressor"]

CASES = {name: [case("diabetes"), case("diabetes", fit_intercept=False)] for name in _regressors + _chosen_by_cv}
CASES.update({name: [case("diabetes"), case("diabetes", alpha=0.01, fit_intercept=False)] for name in _generalised})
CASES.update(
    {
        name: [case("diabetes_two"), case("diabetes_two", fit_intercept=False)]
        for name in ("MultiTaskElasticNet", "MultiTaskLasso", "MultiTaskElasticNetCV", "MultiTaskLassoCV")
    }
)
CASES["LinearRegression"] += [
    case("diabetes_two"),
    case("diabetes", positive=True),
    case("diabetes_float32"),
    case("one_target"),
    case("diabetes_sparse"),
    case("table"),
]
CASES["HuberRegressor"] = [case("diabetes", max_iter=400), case("diabetes", epsilon=2.0, fit_intercept=False)]
CASES["TheilSenRegressor"] = [case("diabetes", max_subpopulation=500, random_state=0)]
CASES["PassiveAggressiveRegressor"] = [case("diabetes", random_state=0), case("diabetes", loss="squared_epsilon_insensitive")]
CASES["SGDRegressor"] = [
    case("diabetes", loss=loss, random_state=0)
    for loss in ("squared_error", "huber", "epsilon_insensitive", "squared_epsilon_insensitive")
]
CASES["SGDRegressor"] += [case("diabetes", average=True, random_state=0), case("diabetes", penalty="elasticnet", l1_ratio=0.5)]
CASES["LinearSVR"] = [case("diabetes", random_state=0), case("diabetes", fit_intercept=False, loss="squared_epsilon_insensitive")]
CASES["RANSACRegressor"] = [
    case("diabetes", random_state=0),
    case("diabetes_two", random_state=0),
    case("diabetes", lambda sk: sk.RANSACRegressor(sk.DecisionTreeRegressor(max_depth=3), min_samples=50, random_state=0)),
]
CASES["Ridge"] = [
    case("diabetes"),
    case("diabetes_two", alpha=[0.1, 1.0]),
    case("diabetes", fit_intercept=False, solver="lsqr"),
    case("diabetes", positive=True),
    case("diabetes_sparse", solver="sag", random_state=0),
]
CASES["RidgeCV"] = [case("diabetes"), case("diabetes_two", alpha_per_target=True), case("diabetes", cv=3)]
CASES["LassoLarsIC"] = [case("diabetes", criterion=criterion) for criterion in ("aic", "bic")]
CASES["Lars"] += [case("diabetes_two", n_nonzero_coefs=3), case("diabetes", fit_path=False)]
CASES["LassoLars"] += [case("diabetes_two", alpha=0.1)]
CASES["Lasso"] += [case("diabetes_two"), case("diabetes_sparse"), case("diabetes", positive=True)]
CASES["OrthogonalMatchingPursuit"] += [case("diabetes_two", n_nonzero_coefs=2)]
CASES["QuantileRegressor"] = [case("diabetes", quantile=0.7, alpha=0.01), case("diabetes", alpha=0, fit_intercept=False)]
CASES["TweedieRegressor"] = [
    case("diabetes", power=0),
    case("diabetes", power=1.5, alpha=0.01),
    case("diabetes", power=2),
    case("diabetes", power=0, link="log"),
    case("diabetes", power=1.5, link="auto"),
    case("diabetes", power=3, alpha=0.5),
]
CASES["PoissonRegressor"] += [case("counts"), case("counts", solver="newton-cholesky")]

CASES["LogisticRegression"] = [
    case("iris_names"),
    case("cancer", C=0.1),
    case("iris_objects", solver="newton-cg"),
    case("iris_two", fit_intercept=False),
    case("iris_float_classes"),
    case("iris_bool"),
    case("iris", multi_class="ovr", options={"newest": False}),
    case("iris", solver="newton-cholesky"),
    case("iris", multi_class="multinomial", options={"newest": False}),
    case("iris_two", multi_class="multinomial", options={"newest": False}),
    case("iris_two", solver="liblinear"),
    case("wine", class_weight="balanced", solver="saga", max_iter=200, random_state=0),
    case("table"),
    case("digits_sparse"),
    case("iris", multi_class="ovr", solver="liblinear", options={"newest": False}),
]
CASES["LogisticRegressionCV"] = [
    case("iris_names", Cs=3, cv=3),
    case("cancer", Cs=3, cv=3),
    case("iris_two", Cs=[0.1], refit=False),
]
CASES["RidgeClassifier"] = [case("iris_names"), case("cancer"), case("multilabel"), case("iris_two", fit_intercept=False)]
CASES["RidgeClassifierCV"] = [case("iris_names"), case("cancer"), case("multilabel")]
CASES["Perceptron"] = [case("iris_names", random_state=0), case("cancer", random_state=0, penalty="l1")]
CASES["PassiveAggressiveClassifier"] = [case("iris_names", random_state=0), case("cancer", random_state=0, loss="squared_hinge")]
CASES["SGDClassifier"] = [
    case(data, loss=loss, random_state=0)
    for data in ("iris_names", "iris_two")
    for loss in (
        "hinge",
        "log_loss",
        "modified_huber",
        "squared_hinge",
        "perceptron",
        "squared_error",
        "huber",
        "epsilon_insensitive",
        "squared_epsilon_insensitive",
    )
]
CASES["SGDClassifier"] += [
    case("cancer", loss="log", random_state=0, options={"newest": False}),
    case("digits", loss="log_loss", average=True, random_state=0),
    case("wine", loss="modified_huber", penalty="elasticnet", random_state=0),
]
CASES["LinearSVC"] = [
    case("iris_names", random_state=0),
    case("cancer", C=0.1, random_state=0),
    case("iris", multi_class="crammer_singer", random_state=0),
    case("iris_two", fit_intercept=False),
    case("cancer", penalty="l1", dual=False, random_state=0),
]
