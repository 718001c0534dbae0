"""The transformers of numbers in sklearn.preprocessing."""

from .case import case

CASES = {
    "StandardScaler": [
        case("iris"),
        case("iris", with_mean=False),
        case("iris", with_std=False),
        case("iris_holes"),
        case("digits"),
        case("digits_sparse", with_mean=False),
        case("table"),
        case("iris_float32"),
    ],
    "MinMaxScaler": [case("iris"), case("iris", feature_range=(-1, 2)), case("iris_far", clip=True), case("iris_holes")],
    "MaxAbsScaler": [case("iris"), case("digits_sparse"), case("iris_holes"), case("iris_far", clip=True)],
    "RobustScaler": [
        case("iris"),
        case("iris", with_centering=False),
        case("iris", with_scaling=False),
        case("iris", unit_variance=True),
        case("iris", quantile_range=(10, 90)),
        case("iris_holes"),
    ],
    "Normalizer": [case("iris", norm=norm) for norm in ("l1", "l2", "max")] + [case("digits_sparse"), case("digits_zero_rows")],
    "Binarizer": [case("iris", threshold=3.0), case("digits_sparse"), case("iris")],
    "PolynomialFeatures": [
        case("iris"),
        case("iris", degree=3),
        case("iris", interaction_only=True),
        case("iris", include_bias=False),
        case("iris", degree=(2, 3)),
        case("iris", order="F"),
        case("digits_sparse"),
        case("iris", degree=1),
        case("iris", degree=4, interaction_only=True),
        case("iris", degree=(0, 2)),
    ],
    "SplineTransformer": [case("iris_far", extrapolation=how) for how in ("constant", "linear", "continue", "periodic")]
    + [
        case("iris_far", n_knots=7, degree=2, knots="quantile"),
        case("iris", include_bias=False),
        case("iris_far", degree=1),
        case("iris", extrapolation="error"),
        case("iris_holes", handle_missing="zeros"),
        case("iris", sparse_output=True),
        case("iris", degree=4, n_knots=3),
    ],
    "PowerTransformer": [
        case("iris_centred"),
        case("iris_centred", standardize=False),
        case("iris", method="box-cox"),
        case("iris_holes"),
        case("iris_far"),
        case("digits"),
    ],
    "QuantileTransformer": [
        case("iris_far", n_quantiles=20),
        case("iris_far", n_quantiles=20, output_distribution="normal"),
        case("iris_holes", n_quantiles=30),
        case("digits", n_quantiles=50, random_state=0),
        case("digits_sparse", n_quantiles=50, ignore_implicit_zeros=True),
        case("diabetes", n_quantiles=150, output_distribution="normal"),
    ],
    "KBinsDiscretizer": [
        case("iris_far", encode=encode, strategy=strategy)
        for encode in ("ordinal", "onehot", "onehot-dense")
        for strategy in ("uniform", "quantile", "kmeans")
    ]
    + [case("iris", n_bins=[3, 4, 2, 5], encode="ordinal")],
    "KernelCenterer": [case("square_kernel")],
}
