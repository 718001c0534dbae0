"""sklearn.discriminant_analysis."""

from .case import case

CASES = {
    "LinearDiscriminantAnalysis": [
        case("iris_names"),
        case("cancer"),
        case("iris_names", solver="lsqr"),
        case("wine", solver="eigen", shrinkage="auto"),
        case("iris", n_components=1),
        case("iris_two"),
        case("digits"),
        case("iris", priors=[0.2, 0.3, 0.5]),
        case("iris_bool"),
        case("iris", store_covariance=True),
    ],
    "QuadraticDiscriminantAnalysis": [
        case("iris_names"),
        case("cancer", reg_param=0.1),
        case("iris", priors=[0.2, 0.3, 0.5]),
        case("iris_two"),
        case("wine", store_covariance=True),
        case("wine", solver="eigen", shrinkage="auto"),
        case("iris_objects"),
    ],
}
