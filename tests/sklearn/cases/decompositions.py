"""Decompositions and projections whose transform is one product of matrices."""

import numpy as np

from .case import case

CASES = {
    "BernoulliRBM": [case("digits", n_components=12, n_iter=3, random_state=0), case("iris", n_components=3, random_state=0)],
    "FactorAnalysis": [
        case("iris", n_components=2),
        case("digits", n_components=7),
        case("wine", n_components=3, svd_method="lapack", rotation="varimax"),
        case("diabetes", n_components=10),
    ],
    "FastICA": [
        case("iris", random_state=0, n_components=3),
        case("iris", random_state=0, whiten="unit-variance"),
        case("wine", random_state=0, n_components=4, whiten="arbitrary-variance", fun="exp"),
        case("iris", random_state=0, whiten=False),
    ],
    "FeatureAgglomeration": [
        case("digits", n_clusters=9),
        case("wine", n_clusters=4, pooling_func=np.median),
        case("wine", n_clusters=3, pooling_func=np.max),
        case("wine", n_clusters=3, pooling_func=np.min),
        case("wine", n_clusters=3, pooling_func=np.sum),
    ],
    "GaussianRandomProjection": [case("digits", n_components=6, random_state=0)],
    "IncrementalPCA": [case("iris", n_components=2, batch_size=30), case("wine", whiten=True)],
    "MiniBatchSparsePCA": [
        case("iris", n_components=3, random_state=0, max_iter=20, options={"alone": False}),
        case("digits", n_components=5, random_state=0, max_iter=10, options={"alone": False}),
    ],
    "PCA": [
        case("iris"),
        case("iris", n_components=2, whiten=True),
        case("digits", n_components=0.9),
        case("digits", n_components=5, svd_solver="randomized", random_state=0, whiten=True),
        case("wine", n_components="mle"),
        case("diabetes_float32", n_components=4, options={"tolerance": 1e-6}),
    ],
    "SparsePCA": [
        # For one row alone scikit-learn gives one dimension.
        case("iris", n_components=2, random_state=0, options={"alone": False}),
        case("digits", n_components=4, random_state=0, max_iter=20, ridge_alpha=0.5, options={"alone": False}),
        case("iris", n_components=6, random_state=0, max_iter=20, options={"alone": False}),
    ],
    "SparseRandomProjection": [
        case("digits", n_components=6, random_state=0),
        case("digits", n_components=6, random_state=0, density=1.0),
        case("wine", n_components=6, random_state=0, dense_output=True),
    ],
    "TruncatedSVD": [
        case("digits", n_components=6, random_state=0),
        case("iris", n_components=3, algorithm="arpack", random_state=0),
        case("texts", lambda sk: sk.make_pipeline(sk.TfidfVectorizer(), sk.TruncatedSVD(4, random_state=0)), options={"label": "texts"}),
    ],
}
