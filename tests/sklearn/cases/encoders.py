"""Encoders of categories and labels in sklearn.preprocessing."""

from .case import case

CASES = {
    "OneHotEncoder": [
        case("words"),
        case("levels", handle_unknown="ignore"),
        case("words", drop="first"),
        case("levels", drop="if_binary"),
        case("words", sparse_output=False),
        case("words_new", handle_unknown="ignore"),
        case("words_new", handle_unknown="infrequent_if_exist", min_frequency=20),
        case("words", max_categories=3),
        case("words_new", handle_unknown="warn", min_frequency=20),
        case("categories"),
        case("categories", handle_unknown="ignore"),
        case("levels_holes"),
        case("words", categories=[["small", "medium", "large", "huge"], ["blue", "green", "red", "pink"]]),
        case("words", sparse=False, options={"newest": False}),
        case("words_new", handle_unknown="ignore", drop="first"),
    ],
    "OrdinalEncoder": [
        case("words"),
        case("levels"),
        case("words_new", handle_unknown="use_encoded_value", unknown_value=-1),
        case("categories"),
        case("categories", encoded_missing_value=-2),
        case("levels_holes"),
        case("words_new", handle_unknown="use_encoded_value", unknown_value=float("nan"), min_frequency=20),
        case("words", max_categories=3),
    ],
    "TargetEncoder": [
        case("words", random_state=0),
        case("words_two", smooth=2.0),
        case("levels_regression"),
        case("categories_two"),
        case("words_new", random_state=0),
        case("categories_regression", target_type="continuous"),
    ],
    "LabelEncoder": [case("class_names"), case("class_numbers")],
    "LabelBinarizer": [
        case("class_names"),
        case("class_numbers"),
        case("class_names", neg_label=-1, pos_label=2),
        case("two_names"),
        case("class_names", sparse_output=True),
    ],
    "MultiLabelBinarizer": [case("label_sets")],
}
