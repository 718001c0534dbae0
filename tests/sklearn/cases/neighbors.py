"""sklearn.neighbors."""

from .case import case

_metrics = [
    dict(metric="manhattan"),
    dict(metric="chebyshev"),
    dict(metric="minkowski", p=3),
    dict(metric="cosine"),
    dict(metric="correlation"),
    dict(metric="canberra"),
    dict(metric="braycurtis"),
    dict(metric="sqeuclidean"),
    dict(metric="euclidean", algorithm="brute"),
    dict(metric="seuclidean", metric_params={"V": [0.7, 0.2, 3.1, 0.6]}),
    dict(metric="hamming"),
    dict(algorithm="kd_tree", leaf_size=5),
    dict(algorithm="ball_tree", leaf_size=5),
    dict(algorithm="brute"),
    dict(weights="distance"),
    dict(n_neighbors=1),
]
# Whether a row that the model was trained on is at distance 0 from itself, and alone counts, follows from the processor in
# scikit-learn's own products: not for rows that it was trained on.
_far = dict(n_neighbors=11, weights="distance", algorithm="brute")
_wide = dict(radius=60.0)
# Which of several equally far rows are neighbours follows from the processor where scikit-learn calls numpy.argpartition: ask for all.
_all_of_iris = dict(n_neighbors=150, weights="distance")
_all = dict(n_neighbors=300, weights="distance")

CASES = {
    "KNeighborsClassifier": [case("iris_shifted", **params) for params in [*_metrics, _far]]
    + [
        case("cancer"),
        case("digits"),
        case("iris_names"),
        case("iris_objects", weights="distance"),
        case("multiclass_two"),
        case("multilabel"),
        case("digits_sparse"),
        case("iris_holes_shifted", metric="nan_euclidean", **_all_of_iris),
        case("degrees", metric="haversine"),
        case("square_distances", metric="precomputed"),
        case("bits", metric="jaccard"),
        case("bits", metric="dice"),
        case("bits", metric="rogerstanimoto", **_all),
        case("bits", metric="russellrao", **_all),
        case("bits", metric="sokalsneath"),
        case("bits", metric="yule"),
        case("table"),
    ],
    "KNeighborsRegressor": [case("diabetes", **params) for params in _metrics if "metric_params" not in params]
    + [case("diabetes", options={"newest": False}, **_far), case("iris_shifted", **_far)]
    + [case("diabetes_two", weights="distance"), case("diabetes_two"), case("iris_holes_shifted", metric="nan_euclidean", **_all_of_iris)],
    "RadiusNeighborsClassifier": [
        case("iris_names"),
        case("cancer", radius=2000.0),
        case("iris_shifted", radius=0.4, outlier_label="most_frequent"),
        case("digits", weights="distance", **_wide),
        case("multiclass_two", weights="distance"),
        case("iris_shifted", radius=0.4, outlier_label=7),
    ],
    "RadiusNeighborsRegressor": [
        case("diabetes"),
        case("diabetes", radius=0.15, weights="distance"),
        case("diabetes_two", radius=0.2, algorithm="brute"),
        case("diabetes", radius=0.01),
    ],
    "KNeighborsTransformer": [case("iris_shifted"), case("iris_shifted", mode="connectivity", n_neighbors=3)],
    "RadiusNeighborsTransformer": [case("iris_shifted", radius=0.7), case("iris_shifted", mode="connectivity", radius=0.7)],
    "NearestCentroid": [
        case("iris_names"),
        case("cancer"),
        case("iris_shifted", metric="manhattan"),
        case("wine", shrink_threshold=0.2),
        case("iris", priors=[0.2, 0.3, 0.5]),
    ],
    "NeighborhoodComponentsAnalysis": [
        case("iris", max_iter=10, random_state=0),
        case("wine", n_components=2, max_iter=5, random_state=0),
    ],
    "LocalOutlierFactor": [
        case("iris_far", novelty=True),
        case("iris_far", novelty=True, n_neighbors=5, contamination=0.1),
        case("cancer", novelty=True, algorithm="brute"),
        case("iris_far", novelty=True, metric="manhattan"),
    ],
    "KernelDensity": [
        case("iris_far", kernel=kernel, bandwidth=0.7)
        for kernel in ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")
    ]
    + [
        case("iris_far", bandwidth="scott"),
        case("iris_far", metric="manhattan", bandwidth=0.5),
        case("iris", algorithm="ball_tree", atol=0.0, rtol=0.0),
    ],
}
