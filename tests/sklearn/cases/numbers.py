"""Preprocessing of numbers, column by column or by products of columns."""

import numpy as np

from .case import case

_KNOTS = np.column_stack([np.linspace(4.0, 8.0, 6) ** power for power in (1.0, 1.2, 0.9, 0.5)])

CASES = {
    "Binarizer": [case("iris", threshold=2.5), case("digits")],
    "KBinsDiscretizer": [
        case("iris", encode=encode, strategy=strategy, n_bins=bins)
        for encode in ("ordinal", "onehot", "onehot-dense")
        for strategy, bins in (("uniform", 3), ("quantile", 5), ("kmeans", [2, 3, 4, 5]))
    ]
    + [case("digits", encode="onehot-dense"), case("diabetes", encode="ordinal", dtype=np.float32, subsample=None)],
    "PolynomialFeatures": [
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
    "PowerTransformer": [
        case("iris"),
        case("diabetes", standardize=False),
        case("iris", method="box-cox"),
        case("wine", method="box-cox", standardize=False),
        case("cancer_holes"),
        case("digits"),
    ],
    "QuantileTransformer": [
        case("iris", n_quantiles=50),
        case("iris", n_quantiles=20, output_distribution="normal"),
        case("diabetes", n_quantiles=100, output_distribution="normal"),
        case("cancer_holes", n_quantiles=100),
        case("digits", n_quantiles=10),
        case("digits", n_quantiles=10, output_distribution="normal", ignore_implicit_zeros=False),
        case("iris", n_quantiles=1),
    ],
    "SplineTransformer": [
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
}
