"""sklearn.gaussian_process with each of its kernels."""

from .case import case

_kernels = {
    "RBF": lambda sk: sk.RBF(0.5),
    "RBF per feature": lambda sk: sk.RBF([0.5, 1.0, 2.0, 3.0]),
    "Matern 0.5": lambda sk: sk.Matern(0.7, nu=0.5),
    "Matern 1.5": lambda sk: sk.Matern(0.7, nu=1.5),
    "Matern 2.5": lambda sk: sk.Matern(0.7, nu=2.5),
    "Matern 0.8": lambda sk: sk.Matern(0.7, nu=0.8),
    "Matern inf": lambda sk: sk.Matern(0.7, nu=float("inf")),
    "RationalQuadratic": lambda sk: sk.RationalQuadratic(0.5, 1.3),
    "DotProduct": lambda sk: sk.DotProduct(1.5) + sk.WhiteKernel(0.1),
    "sum and product": lambda sk: sk.ConstantKernel(2.0) * sk.RBF(1.0) + sk.WhiteKernel(0.1) + sk.DotProduct() ** 2,
    "PairwiseKernel": lambda sk: sk.PairwiseKernel(metric="rbf", gamma=0.3) + sk.WhiteKernel(0.1),
}


def _regressor(kernel, **params):
    return lambda sk: sk.GaussianProcessRegressor(kernel(sk), alpha=1e-2, optimizer=None, **params)


CASES = {
    "GaussianProcessRegressor": [
        case("iris_centred", _regressor(kernel), options={"label": name}) for name, kernel in _kernels.items()
    ]
    + [
        case("one_column_matrix", lambda sk: sk.GaussianProcessRegressor(sk.ExpSineSquared(1.0, 0.3), alpha=0.1, optimizer=None)),
        case("diabetes", alpha=0.1),
        case("diabetes", alpha=0.1, normalize_y=True),
        case("diabetes_two", alpha=0.1, normalize_y=True),
        case("diabetes", lambda sk: sk.GaussianProcessRegressor(sk.RBF() + sk.WhiteKernel(), random_state=0)),
    ],
    "GaussianProcessClassifier": [
        case("iris_names"),
        case("iris_two"),
        case("iris", multi_class="one_vs_one", options={"without": ["predict_proba"]}),
        case("iris_two", lambda sk: sk.GaussianProcessClassifier(1.0 * sk.Matern(1.0, nu=1.5), optimizer=None)),
        case("iris_objects", lambda sk: sk.GaussianProcessClassifier(2.0 * sk.RBF(1.5), optimizer=None)),
    ],
}
