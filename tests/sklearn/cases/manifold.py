"""Manifolds that transform, and label propagation."""

from .case import case

CASES = {
    "Isomap": [case("iris_shifted", n_components=2), case("digits_few", n_neighbors=8), case("iris_shifted", metric="manhattan")],
    "LocallyLinearEmbedding": [
        case("iris_shifted", n_neighbors=8, random_state=0),
        case("digits_few", n_neighbors=10, method="modified", random_state=0, eigen_solver="dense"),
        case("iris_shifted", n_neighbors=12, method="hessian", random_state=0, eigen_solver="dense"),
    ],
    "LabelPropagation": [
        case("half_labelled"),
        case("half_labelled", kernel="knn", n_neighbors=5),
        case("half_named", gamma=5.0),
    ],
    "LabelSpreading": [
        case("half_labelled"),
        case("half_labelled", kernel="knn", n_neighbors=5),
        case("half_labelled", alpha=0.5, gamma=2.0),
    ],
}
