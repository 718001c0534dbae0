"""sklearn.svm with kernels, and SGDOneClassSVM."""

from .case import case

_kernels = [
    dict(kernel="linear"),
    dict(kernel="poly", degree=2, coef0=1.0),
    dict(kernel="rbf"),
    dict(kernel="rbf", gamma="auto"),
    dict(kernel="sigmoid", gamma=0.01, coef0=0.1),
]
_regressor = [case("diabetes", **kernel) for kernel in _kernels] + [
    case("diabetes_sparse"),
    case("square_kernel", kernel="precomputed"),
]

CASES = {
    name: [case("iris_names", **kernel) for kernel in _kernels]
    + [
        case("cancer"),
        case("iris_two"),
        case("iris_two", gamma=2.0, probability=True, random_state=0),
        case("digits"),
        case("iris_names", probability=True, random_state=0),
        case("iris", decision_function_shape="ovo"),
        case("iris_two", decision_function_shape="ovo"),
        case("wine", class_weight="balanced"),
        case("square_kernel", kernel="precomputed"),
        case("digits_sparse"),
        case("iris", break_ties=True),
        case("iris_objects", shrinking=False),
        case("iris_bool"),
        case("iris_float_classes"),
        case("table"),
    ]
    for name in ("SVC", "NuSVC")
}
CASES["SVC"] += [case("digits", C=10.0, probability=True, random_state=0)]
for _name in ("SVR", "NuSVR"):
    CASES[_name] = list(_regressor)
CASES["SVR"] += [case("diabetes", C=100.0, epsilon=1.0), case("table")]
CASES["OneClassSVM"] = [case("iris", **kernel, nu=0.2) for kernel in _kernels] + [case("digits", nu=0.1), case("digits_sparse")]
CASES["SGDOneClassSVM"] = [
    case("iris", random_state=0),
    case("cancer", nu=0.1, random_state=0, average=True),
    case("digits", fit_intercept=False, random_state=0),
]
