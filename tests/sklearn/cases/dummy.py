"""sklearn.dummy; the strategies that draw at random are refused."""

from .case import case

CASES = {
    "DummyClassifier": [case("iris_names", strategy=strategy) for strategy in ("prior", "most_frequent")]
    + [
        case("iris_names", strategy="constant", constant="virginica"),
        case("multiclass_two", strategy="most_frequent"),
        case("multiclass_two"),
        case("multiclass_two", strategy="constant", constant=[1, 2]),
        case("iris_objects"),
    ],
    "DummyRegressor": [case("diabetes", strategy=strategy) for strategy in ("mean", "median")]
    + [
        case("diabetes", strategy="quantile", quantile=0.3),
        case("diabetes", strategy="constant", constant=7.5),
        case("diabetes_two"),
        case("diabetes_two", strategy="constant", constant=[1.0, 2.0]),
        case("iris_holes"),
    ],
}
