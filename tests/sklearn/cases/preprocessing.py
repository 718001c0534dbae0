"""The transformers of numbers in sklearn.preprocessing."""

import numpy as np

from .case import case

_KNOTS = np.column_stack([np.linspace(4.0, 8.0, 6) ** power for power in (1.0, 1.2, 0.9, 0.5)])

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
    "Binarizer": [case("iris", threshold=3.0), case("digits_sparse"), case("iris")]
    + [case("iris", threshold=2.5), case("digits")],
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
    ]
    + [
        case("iris"),
        case("iris", degree=3, interaction_only=True),
        case("iris", degree=7, interaction_only=True, include_bias=False),
        case("iris", degree=0),
        case("iris", degree=1, include_bias=False),
        case("iris", degree=5, order="F"),
        case("iris", degree=(2, 3)),
        case("iris", degree=(3, 3), include_bias=False),
        case("iris", degree=(1, 2), interaction_only=True),
        case("iris", degree=(0, 0)),
        case("cancer", degree=2),
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
    ]
    + [
        case("iris", extrapolation=extrapolation, degree=degree, include_bias=bias)
        for extrapolation in ("constant", "linear", "continue", "periodic", "error")
        for degree, bias in ((3, True), (2, False), (1, True), (0, True), (4, True))
        if (extrapolation, degree) != ("constant", 0)
    ]
    + [
        case("diabetes", knots="quantile", n_knots=7),
        case("iris", knots=_KNOTS[1:4], extrapolation="linear", options={"label": "few knots, linear"}),
        case("iris", knots=_KNOTS[1:4], degree=1, extrapolation="linear", options={"label": "few knots, linear, degree 1"}),
        case("iris", knots=_KNOTS[1:5], extrapolation="periodic", options={"label": "few knots, periodic"}),
        case("iris", knots=_KNOTS[1:4], extrapolation="continue", options={"label": "few knots, continued"}),
        case("iris_holes", handle_missing="zeros"),
        case("iris_holes", handle_missing="zeros", extrapolation="periodic"),
        case("iris", sparse_output=True),
        case("iris", sparse_output=True, extrapolation="periodic", knots="quantile"),
    ],
    "PowerTransformer": [
        case("iris_centred"),
        case("iris_centred", standardize=False),
        case("iris", method="box-cox"),
        case("iris_holes"),
        case("iris_far"),
        case("digits"),
    ]
    + [
        case("iris"),
        case("diabetes", standardize=False),
        case("iris", method="box-cox"),
        case("wine", method="box-cox", standardize=False),
        case("cancer_holes"),
        case("digits"),
    ],
    "QuantileTransformer": [
        case("iris_far", n_quantiles=20),
        case("iris_far", n_quantiles=20, output_distribution="normal"),
        case("iris_holes", n_quantiles=30),
        case("digits", n_quantiles=50, random_state=0),
        case("digits_sparse", n_quantiles=50, ignore_implicit_zeros=True),
        case("diabetes", n_quantiles=150, output_distribution="normal"),
    ]
    + [
        case("iris", n_quantiles=50),
        case("iris", n_quantiles=20, output_distribution="normal"),
        case("diabetes", n_quantiles=100, output_distribution="normal"),
        case("cancer_holes", n_quantiles=100),
        case("digits", n_quantiles=10),
        case("digits", n_quantiles=10, output_distribution="normal", ignore_implicit_zeros=False),
        case("iris", n_quantiles=1),
    ],
    "KBinsDiscretizer": [
        case("iris_far", encode=encode, strategy=strategy)
        for encode in ("ordinal", "onehot", "onehot-dense")
        for strategy in ("uniform", "quantile", "kmeans")
    ]
    + [case("iris", n_bins=[3, 4, 2, 5], encode="ordinal")]
    + [
        case("iris", encode=encode, strategy=strategy, n_bins=bins)
        for encode in ("ordinal", "onehot", "onehot-dense")
        for strategy, bins in (("uniform", 3), ("quantile", 5), ("kmeans", [2, 3, 4, 5]))
    ]
    + [case("digits", encode="onehot-dense"), case("diabetes", encode="ordinal", dtype=np.float32, subsample=None)],
    "KernelCenterer": [case("square_kernel")],
}
