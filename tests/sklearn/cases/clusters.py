"""Clusterers that predict, mixtures, and EllipticEnvelope."""

from .case import case

_covariances = ("full", "tied", "diag", "spherical")

CASES = {
    "KMeans": [
        case("iris", n_clusters=3, random_state=0),
        case("digits", n_clusters=10, n_init=2, random_state=0),
        case("digits_sparse", n_clusters=4, n_init=1, random_state=0),
        case("iris", n_clusters=1, n_init=1),
        case("table", n_clusters=3, n_init=1, random_state=0),
        case("iris_float32", n_clusters=3, n_init=1, random_state=0),
    ]
    + [
        case("iris", n_clusters=3, random_state=0, n_init=2),
        case("digits", n_clusters=10, random_state=0, n_init=1),
        case("digits", n_clusters=10, random_state=0, n_init=1, algorithm="elkan"),
        case("iris", n_clusters=1, random_state=0, n_init=1),
    ],
    "MiniBatchKMeans": [case("iris", n_clusters=3, random_state=0), case("digits", n_clusters=10, random_state=0)]
    + [case("iris", n_clusters=4, random_state=0), case("digits", n_clusters=9, random_state=0, batch_size=100)],
    "BisectingKMeans": [
        case("iris", n_clusters=5, random_state=0),
        case("digits", n_clusters=8, random_state=0, bisecting_strategy="largest_cluster"),
    ]
    + [
        case("iris", n_clusters=5, random_state=0),
        case("digits", n_clusters=10, random_state=0, bisecting_strategy="largest_cluster"),
        case("iris", n_clusters=1, random_state=0),
        case("wine", n_clusters=4, random_state=0, algorithm="elkan", init="k-means++"),
    ],
    "Birch": [
        case("iris"),
        case("iris", n_clusters=None),
        case("digits", n_clusters=10, threshold=10.0),
        case("iris", threshold=0.2, branching_factor=5),
    ]
    + [
        case("iris", threshold=0.3),
        case("digits", threshold=20, n_clusters=None),
        case("wine", threshold=40, n_clusters=5, branching_factor=10),
    ],
    "MeanShift": [case("iris"), case("iris", bandwidth=0.8), case("iris_far", bandwidth=0.8, cluster_all=False)]
    + [case("iris"), case("iris", bandwidth=0.8, bin_seeding=True, cluster_all=False)],
    "AffinityPropagation": [case("iris", random_state=0), case("diabetes", damping=0.9, random_state=0)]
    + [
        case("iris", random_state=0),
        case("digits", random_state=0, preference=-20000),
        case("iris", random_state=0, max_iter=1),
    ],
    "FeatureAgglomeration": [
        case("digits", n_clusters=8),
        case("iris", n_clusters=2),
        case("digits", lambda sk: sk.FeatureAgglomeration(n_clusters=5, pooling_func=_max())),
    ],
    "GaussianMixture": [case("iris", n_components=3, covariance_type=kind, random_state=0) for kind in _covariances]
    + [case("wine", n_components=2, random_state=0)]
    + [
        case(data, n_components=3, covariance_type=covariance, random_state=0)
        for covariance in ("full", "tied", "diag", "spherical")
        for data in ("iris", "wine")
    ] + [case("iris", n_components=1)],
    "BayesianGaussianMixture": [
        case("iris", n_components=3, covariance_type=kind, random_state=0, max_iter=50) for kind in _covariances
    ]
    + [case("iris", n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=0, max_iter=50)]
    + [
        case(data, n_components=4, covariance_type=covariance, weight_concentration_prior_type=prior, random_state=0, max_iter=20)
        for covariance in ("full", "tied", "diag", "spherical")
        for prior in ("dirichlet_process", "dirichlet_distribution")
        for data in ("iris", "wine")
    ],
    "EllipticEnvelope": [
        case("iris", random_state=0),
        case("diabetes", contamination=0.2, random_state=0),
        case("iris", assume_centered=True, random_state=0),
    ]
    + [
        case("iris", random_state=0),
        case("wine", random_state=0, contamination=0.3, store_precision=False),
        case("iris", random_state=0, assume_centered=True, support_fraction=0.8),
    ],
}


def _max():
    import numpy as np

    return np.max
