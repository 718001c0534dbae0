"""Imputers."""

from .case import case

CASES = {
    "SimpleImputer": [case("iris_holes", strategy=strategy) for strategy in ("mean", "median", "most_frequent", "constant")]
    + [
        case("iris_holes", add_indicator=True),
        case("one_empty_column"),
        case("one_empty_column", keep_empty_features=True),
        case("one_empty_column", add_indicator=True, strategy="median"),
        case("levels", missing_values=1),
        case("words_holes", strategy="most_frequent"),
        case("words_holes", strategy="constant", fill_value="?"),
        case("iris_holes", strategy="constant", fill_value=-1.5),
    ],
    "IterativeImputer": [
        case("diabetes_holes", random_state=0),
        case("cancer_holes", max_iter=3, random_state=0, add_indicator=True),
        case("iris_holes", random_state=0, min_value=0.5, max_value=6),
        case("iris_holes", random_state=0, imputation_order="random", n_nearest_features=2, initial_strategy="median"),
        case("iris_holes", lambda sk: sk.IterativeImputer(sk.Ridge(), random_state=0), options={"label": "ridge"}),
        case("iris_holes", lambda sk: sk.IterativeImputer(sk.DecisionTreeRegressor(max_depth=4), random_state=0),
             options={"label": "tree"}),  # fmt: skip
        case("iris", random_state=0),
        case("one_empty_column", random_state=0),
        case("one_empty_column", random_state=0, keep_empty_features=True),
        case("iris_holes", max_iter=0),
    ],
    "KNNImputer": [
        case("diabetes_holes"),
        case("diabetes_holes", n_neighbors=1),
        case("diabetes_holes", n_neighbors=9, weights="distance"),
        case("cancer_holes", add_indicator=True),
        case("one_empty_column"),
        case("one_empty_column", keep_empty_features=True),
        case("diabetes", n_neighbors=3),
    ],
    "MissingIndicator": [
        case("holes_some"),
        case("levels", missing_values=1, error_on_new=False),
        case("iris_holes"),
        case("iris_holes", features="all"),
        case("cancer_holes", error_on_new=False),
        case("iris", missing_values=1.4, features="all"),
    ],
}
