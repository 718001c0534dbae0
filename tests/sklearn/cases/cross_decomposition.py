"""sklearn.cross_decomposition and sklearn.isotonic."""

from .case import case

_cases = [case("diabetes_two"), case("diabetes_two", scale=False), case("diabetes_three", n_components=3)]

CASES = {
    "PLSRegression": _cases + [case("diabetes"), case("diabetes", n_components=1), case("table_numbers")],
    "PLSCanonical": list(_cases),
    "CCA": list(_cases),
    "PLSSVD": _cases + [case("diabetes", n_components=1)],
    "IsotonicRegression": [
        case("one_column", out_of_bounds="clip"),
        case("one_column"),
        case("one_column", increasing=False, out_of_bounds="nan"),
        case("one_column_matrix", increasing="auto", out_of_bounds="clip"),
        case("one_column", y_min=80, y_max=200, out_of_bounds="clip"),
    ],
}
