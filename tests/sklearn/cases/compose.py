"""Pipelines, unions, transformers of columns, functions."""

from .case import case


def _np():
    import numpy

    return numpy


def _columns(sk, **params):
    numbers = sk.make_pipeline(sk.SimpleImputer(), sk.StandardScaler())
    return sk.ColumnTransformer(
        [("n", numbers, ["age", "income"]), ("c", sk.OneHotEncoder(handle_unknown="ignore"), ["city", "size"])], **params
    )


def _by_dtype(sk):
    select = sk.make_column_selector
    return sk.ColumnTransformer(
        [("n", sk.SimpleImputer(), select(dtype_include="number")), ("c", sk.OrdinalEncoder(), select(dtype_exclude="number"))]
    )


def _mixed(sk, model):
    return sk.make_pipeline(_columns(sk), model)


_functions = (
    "log1p",
    "sqrt",
    "exp",
    "abs",
    "square",
    "expm1",
    "sin",
    "cos",
    "tanh",
    "log2",
    "log10",
    "negative",
    "rint",
    "floor",
    "sign",
    "cbrt",
    "reciprocal",
)

CASES = {
    "Pipeline": [
        case("iris_names", lambda sk: sk.make_pipeline(sk.StandardScaler(), sk.PCA(2), sk.LogisticRegression())),
        case("iris", lambda sk: sk.make_pipeline(sk.StandardScaler(), "passthrough", sk.PCA(2))),
        case("diabetes", lambda sk: sk.make_pipeline(sk.PolynomialFeatures(2), sk.Ridge())),
        case("iris_holes", lambda sk: sk.make_pipeline(sk.SimpleImputer(), sk.KNeighborsClassifier())),
        case("iris", lambda sk: sk.make_pipeline(sk.StandardScaler(), sk.KMeans(3, n_init=1, random_state=0))),
        case("mixed", lambda sk: _mixed(sk, sk.LogisticRegression())),
        case("mixed", lambda sk: _mixed(sk, sk.RandomForestClassifier(5, random_state=0))),
        case(
            "mixed",
            lambda sk: sk.make_pipeline(
                _columns(sk, remainder="passthrough"), sk.StandardScaler(with_mean=False), sk.LogisticRegression()
            ),
        ),
        case("mixed", lambda sk: sk.make_pipeline(_by_dtype(sk), sk.DecisionTreeClassifier(max_depth=3))),
        case(
            "mixed", lambda sk: sk.GridSearchCV(_mixed(sk, sk.LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=2)
        ),
        case("iris", lambda sk: sk.make_pipeline(sk.StandardScaler(), sk.OneClassSVM())),
        case("iris", lambda sk: sk.make_pipeline(sk.StandardScaler(), sk.GaussianMixture(3, random_state=0))),
        case("table", lambda sk: sk.make_pipeline(sk.StandardScaler(), sk.LogisticRegression())),
        case("iris", lambda sk: sk.make_pipeline(sk.PCA(3), "passthrough")),
        case("iris_names", lambda sk: sk.make_pipeline(sk.KBinsDiscretizer(4), sk.LogisticRegression())),
        case("words", lambda sk: sk.make_pipeline(sk.OneHotEncoder(handle_unknown="ignore"), sk.LogisticRegression())),
        case(
            "words",
            lambda sk: sk.make_pipeline(
                sk.OrdinalEncoder(), sk.HistGradientBoostingClassifier(max_iter=4, categorical_features=[0, 1])
            ),
        ),
        case("cancer", lambda sk: sk.make_pipeline(sk.SelectKBest(k=5), sk.SVC())),
    ],
    "ColumnTransformer": [
        case("mixed", _columns),
        case("mixed", lambda sk: _columns(sk, remainder=sk.StandardScaler())),
        case("mixed", lambda sk: _columns(sk, sparse_threshold=0)),
        case("mixed", _by_dtype),
        case("mixed", lambda sk: _columns(sk, transformer_weights={"n": 2.0})),
        case(
            "iris", lambda sk: sk.ColumnTransformer([("a", sk.StandardScaler(), [0, 2]), ("b", sk.MinMaxScaler(), slice(1, 3))])
        ),
        case(
            "iris",
            lambda sk: sk.ColumnTransformer(
                [("a", "passthrough", [-1]), ("b", "drop", [0]), ("c", sk.PCA(1), [True, False, True, False])],
                remainder="passthrough",
            ),
        ),
        case(
            "table",
            lambda sk: sk.ColumnTransformer(
                [("a", sk.StandardScaler(), ["petal length"]), ("b", sk.MinMaxScaler(), slice("sepal length", "sepal width"))],
                remainder="passthrough",
            ),
        ),
        case("words", lambda sk: sk.ColumnTransformer([("a", sk.OneHotEncoder(), [0]), ("b", sk.OrdinalEncoder(), [1])])),
        case(
            "notes",
            lambda sk: sk.ColumnTransformer([("t", sk.TfidfVectorizer(), "note"), ("n", sk.StandardScaler(), ["length"])]),
        ),
    ],
    "FeatureUnion": [
        case("iris", lambda sk: sk.make_union(sk.PCA(2), sk.StandardScaler())),
        case(
            "iris",
            lambda sk: sk.FeatureUnion([("a", sk.PCA(2)), ("b", "passthrough"), ("c", "drop")], transformer_weights={"a": 3.0}),
        ),
        case("cancer", lambda sk: sk.make_union(sk.SelectKBest(k=3), sk.PCA(2))),
        case("texts", lambda sk: sk.make_union(sk.CountVectorizer(), sk.TfidfVectorizer(analyzer="char"))),
    ],
    "FunctionTransformer": [
        case("iris"),
        *[case("iris", lambda sk, name=name: sk.FunctionTransformer(getattr(_np(), name))) for name in _functions],
        case("iris_holes", lambda sk: sk.FunctionTransformer(_np().log1p)),
        case("iris", lambda sk: sk.FunctionTransformer(_np().clip, kw_args={"a_min": 1.0, "a_max": 3.0})),
        case("iris", lambda sk: sk.FunctionTransformer(_np().clip, kw_args={"a_min": 2, "a_max": None})),
        case("iris", lambda sk: sk.FunctionTransformer(_np().round, kw_args={"decimals": 0})),
        case("diabetes", lambda sk: sk.FunctionTransformer(_np().round, kw_args={"decimals": 2})),
        case("iris_holes", lambda sk: sk.FunctionTransformer(_np().nan_to_num, kw_args={"nan": -1.5})),
        case("iris_holes", lambda sk: sk.FunctionTransformer(_np().nan_to_num)),
    ],
}
