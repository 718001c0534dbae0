"""Small real data to train on. Each set is a function that gives (x, y, test): what to fit on, and rows to ask about."""

import functools

import numpy as np
from sklearn import datasets

TEST_ROWS = 24


def _test(x, rows=TEST_ROWS):
    """A few rows from all over x."""
    return x[:: max(1, len(x) // rows)][:rows]


def _some(x, y, rows):
    step = max(1, len(x) // rows)
    return x[::step], y[::step], _test(x)


def iris():
    x, y = datasets.load_iris(return_X_y=True)
    return x, y, _test(x)


def iris_names():
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.array(["setosa", "versicolor", "virginica"])[y], _test(x)


def iris_objects():
    x, y, test = iris_names()
    return x, y.astype(object), test


def iris_two():
    """Two classes that a line does not part."""
    x, y = datasets.load_iris(return_X_y=True)
    return x[50:], y[50:], _test(x[50:])


def iris_float_classes():
    x, y, test = iris()
    return x, y.astype(float), test


def iris_bool():
    x, y, test = iris()
    return x, y == 1, test


def cancer():
    return _some(*datasets.load_breast_cancer(return_X_y=True), rows=190)


def wine():
    x, y = datasets.load_wine(return_X_y=True)
    return x, y, _test(x)


def digits():
    x, y = datasets.load_digits(return_X_y=True)
    return x[:300], y[:300], x[300:324]


def digits_many():
    """More rows to ask about than the backend takes at once."""
    x, y = datasets.load_digits(return_X_y=True)
    return x[:200], y[:200], x[:700]


def diabetes():
    x, y = datasets.load_diabetes(return_X_y=True)
    return x[:150], y[:150], _test(x)


def diabetes_two():
    """Two targets."""
    x, y, test = diabetes()
    return x, np.column_stack([y, y**0.5]), test


def iris_csr():
    """Fitted on a sparse matrix."""
    import scipy.sparse as sp

    x, y, test = iris()
    return sp.csr_matrix(x), y, test


def digits_csr():
    import scipy.sparse as sp

    x, y, test = digits()
    return sp.csr_matrix(x), y, test


def diabetes_float32():
    x, y, test = diabetes()
    return x.astype(np.float32), y.astype(np.float32), test


def _sparse(name):
    from scipy.sparse import csr_matrix

    x, y, test = load(name)
    return csr_matrix(x), y, csr_matrix(test)


def digits_sparse():
    return _sparse("digits")


def diabetes_sparse():
    return _sparse("diabetes")


def iris_float32():
    x, y, test = iris()
    return x.astype(np.float32), y, test.astype(np.float32)


def iris_far():
    """Rows to ask about that are within and beyond what was seen."""
    x, y, test = iris()
    return x, y, np.concatenate([test, test * 1.7 - 3.0, x.min(axis=0)[None], x.max(axis=0)[None]])


def iris_shifted():
    """No two training rows are equally far from a row that is asked about."""
    x, y, test = iris()
    return x + 1e-3 * np.random.RandomState(1).rand(*x.shape), y, test + 0.1 * np.random.RandomState(2).rand(*test.shape)


def iris_centred():
    x, y, test = iris()
    return x - x.mean(axis=0), x[:, 2] * 3 - x[:, 0], test - x.mean(axis=0)


def digits_few():
    """Sixteen pixels of digits."""
    x, y, test = digits()
    return x[:120, 18:34], y[:120], test[:, 18:34]


def digits_unit():
    """Pixels from 0 to 1."""
    x, y, test = digits()
    return x / 16.0, y, test / 16.0


def digits_zero_rows():
    x, y, test = digits()
    return x, y, np.concatenate([test, np.zeros_like(test[:2])])


def equal_columns():
    """Columns whose scores are equal."""
    x, y, test = iris()
    return x[:, [2, 0, 2, 1, 0, 2]], y, test[:, [2, 0, 2, 1, 0, 2]]


def degrees():
    """Latitudes and longitudes, in radians."""
    random = np.random.RandomState(0)
    x = np.column_stack([random.uniform(-1.5, 1.5, 100), random.uniform(-3, 3, 100)])
    return x, (x[:, 0] > 0).astype(int), _test(x) * 0.97


def bits():
    """Zeros and ones."""
    x, y, test = digits()
    return (x > 6).astype(float), y, (test > 6).astype(float)


def square_distances():
    """Distances between the training rows, and from the test rows to them."""
    from sklearn.metrics import pairwise_distances

    x, y, test = iris_shifted()
    return pairwise_distances(x), y, pairwise_distances(test, x)


def counts():
    """Small whole numbers; also a target of counts."""
    x, y = datasets.load_digits(return_X_y=True)
    return x[:200, 2:20], y[:200], x[200:224, 2:20]


def counts_two():
    """Counts, and two classes."""
    x, y, test = counts()
    return x, (y > 4).astype(int), test


def _holed(x, share=0.15, seed=0):
    return np.where(np.random.RandomState(seed).rand(*x.shape) < share, np.nan, x)


def iris_holes():
    x, y = datasets.load_iris(return_X_y=True)
    x = _holed(x)
    return x, y, _test(x)


def iris_holes_shifted():
    """Asked about rows that are none of those that it was fitted on."""
    x, y, test = iris_holes()
    return x, y, test + 0.0137


def cancer_holes():
    x, y, _ = cancer()
    x = _holed(x[:, :8])
    return x, y, _test(x)


def diabetes_holes():
    x, y, _ = diabetes()
    x = _holed(x)
    return x, y, _test(x)


def one_empty_column():
    """Holes in every column, and nothing at all in one."""
    x, y, _ = diabetes_holes()
    x = x.copy()
    x[:, 3] = np.nan
    test = _test(x).copy()
    test[::2, 3] = 0.5
    return x, y, test


def holes_some():
    """Two columns without holes."""
    x, y, test = iris()
    holed, _, holed_test = iris_holes()
    choose = [True, False, True, False]
    return np.where(choose, x, holed), y, np.where(choose, test, holed_test)


def levels():
    """Whole-number categories, few a column."""
    x, y = datasets.load_iris(return_X_y=True)
    x = np.round(x).astype(int)
    return x, y, _test(x)


def words():
    """A matrix of strings, one column with a rare value."""
    x, y = datasets.load_iris(return_X_y=True)
    sizes = np.array(["small", "medium", "large", "huge"])[np.clip(np.round(x[:, 2] / 2).astype(int), 0, 3)]
    colours = np.array(["red", "green", "blue"])[np.round(x[:, 1] * 3).astype(int) % 3]
    x = np.column_stack([sizes, colours]).astype(object)
    return x, y, _test(x)


def words_new():
    """Strings that were not seen."""
    x, y, test = words()
    test = test.copy()
    test[::5, 0] = "gigantic"
    test[2::7, 1] = "pink"
    return x, y, test


def words_holes():
    x, y, test = words()
    holed = np.where(np.random.RandomState(0).rand(*x.shape) < 0.2, np.nan, x)
    return holed.astype(object), y, _test(holed)


def words_two():
    x, y, test = words()
    return x, (y == 1).astype(int), test


def categories():
    """Strings, and None where there is none."""
    x, y, _ = words()
    x = x.copy()
    x[np.random.RandomState(0).rand(*x.shape) < 0.2] = None
    return x, y, _test(x)


def categories_two():
    x, y, test = categories()
    return x, (y == 1).astype(int), test


def categories_regression():
    x, _, test = categories()
    return x, iris()[0][:, 0], test


def categories_mixed():
    """A table with columns of pandas' type category."""
    import pandas as pd

    table, y, test = mixed()
    cities = pd.CategoricalDtype(sorted(set(table["city"])))
    sizes = pd.CategoricalDtype(["small", "medium", "large"])
    return table.astype({"city": cities, "size": sizes}), y, test.astype({"city": cities, "size": sizes})


def levels_holes():
    x, y, _ = levels()
    x = _holed(x.astype(float))
    return x, y, _test(x)


def levels_regression():
    x, _, test = levels()
    return x, iris()[0][:, 0] * 2, test


def multilabel():
    """Three labels a row, any of which may be there."""
    x, y = datasets.load_iris(return_X_y=True)
    labels = np.column_stack([y == 0, x[:, 0] > 5.8, x[:, 1] > 3.0]).astype(int)
    return x, labels, _test(x)


def multiclass_two():
    """Two targets of classes, of different numbers of classes."""
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.column_stack([y, (x[:, 0] > 5.8) + (x[:, 0] > 5.0) + (x[:, 0] > 6.5).astype(int)]), _test(x)


def multiclass_names():
    """Two targets of strings."""
    x, y, test = multiclass_two()
    return x, np.array(["zero", "one", "two", "three"])[y], test


def two_classes_names():
    x, y, test = iris_two()
    return x, np.where(y == 1, "bad", "good"), test


def half_labelled():
    """Classes, -1 where the class is not known."""
    x, y = datasets.load_iris(return_X_y=True)
    return x, np.where(np.random.RandomState(0).rand(len(y)) < 0.5, -1, y), _test(x)


def half_named():
    """Classes that do not begin at 0."""
    x, y, test = half_labelled()
    return x, np.where(y < 0, -1, y * 3 + 2), test


def one_target():
    """A target of shape [n, 1]."""
    x, y, test = diabetes()
    return x, y[:, None], test


def diabetes_three():
    x, y, test = diabetes()
    return x, np.column_stack([y, np.log(y), x[:, 2] * 3 + y / 50]), test


def one_column_matrix():
    x, y, test = one_column()
    return x[:, None], y, test[:, None]


def one_column():
    x, y, test = diabetes()
    return x[:, 2], y, test[:, 2]


def class_names():
    """What encoders of labels are fitted on: the labels alone."""
    y = iris_names()[1]
    return y, None, _test(y)


def class_numbers():
    y = np.array([10, -3, 7, 7, 10, 22] * 4)
    return y, None, y


def two_names():
    y = two_classes_names()[1]
    return y, None, _test(y)


def label_sets():
    sets = [("news",), ("news", "sport"), (), ("sport", "arts"), ("arts", "news", "sport")] * 5
    return sets, None, sets[:12]


def square_kernel():
    """A matrix of dot products: of the training rows, and of the test rows with them."""
    x, y, test = iris()
    return x @ x.T, y, test @ x.T


def mixed():
    """A table of numbers, strings and missing values."""
    import pandas as pd

    x, y = datasets.load_iris(return_X_y=True)
    random = np.random.RandomState(0)
    city = np.array(["Oslo", "Paris", "Lima", "Zürich"], dtype=object)[random.randint(4, size=len(x))]
    size = np.array(["small", "large", "medium"], dtype=object)[y]
    size[random.rand(len(x)) < 0.3] = "small"
    table = pd.DataFrame({"age": np.round(x[:, 0] * 10), "income": _holed(x[:, 1:2])[:, 0], "city": city, "size": size,
                          "length": x[:, 2]})  # fmt: skip
    return table, y, table.iloc[::7][:TEST_ROWS].reset_index(drop=True)


def table():
    """iris as a DataFrame: names, numbers alone."""
    import pandas as pd

    x, y, test = iris()
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    return pd.DataFrame(x, columns=names), y, pd.DataFrame(test, columns=names)


def table_numbers():
    """diabetes as a DataFrame."""
    import pandas as pd

    x, y, test = diabetes()
    names = list(datasets.load_diabetes().feature_names)
    return pd.DataFrame(x, columns=names), y, pd.DataFrame(test, columns=names)


def notes():
    """A table with a column of texts."""
    import pandas as pd

    lines, topics, _ = texts()
    table = pd.DataFrame({"note": lines, "length": [float(len(line)) for line in lines]})
    return table, topics, table.iloc[::2].reset_index(drop=True)


_WEATHER = """The storm brought heavy rain and wind to the coast on Monday.
Sunny skies and warm weather are expected for the whole weekend.
Snow fell overnight, and the roads to the mountains are closed.
Fog over the harbour delayed 12 ferries this morning.
A cold wind from the north will bring frost to the valleys.
Rain again tomorrow: bring an umbrella, says the weather service.
The drought has lasted 90 days; farmers hope for rain."""
_FOOD = """Bake the bread for 40 minutes until the crust is brown.
The soup needs salt, pepper and a little more cream.
Café crème and a croissant: the breakfast of Paris.
Slice the onions, then fry them slowly in butter.
Our restaurant serves fresh fish and wine from the valley.
Knead the dough, let it rest for an hour, and bake it.
Jalapeño, lime and coriander give the sauce its taste."""
_SPORT = """The team won the match 3-2 after extra time.
She ran the marathon in 2:19:05, a new record.
The coach of the home team praised the goalkeeper's saves.
Rain stopped play on the second day of the test match.
He scored two goals and missed a penalty in the final.
Tickets for the final are sold out, the club's manager said.
The cyclists climbed the mountain in heavy wind."""


def texts():
    by_topic = [("weather", _WEATHER), ("food", _FOOD), ("sport", _SPORT)]
    lines = [(line, topic) for topic, block in by_topic for line in block.splitlines()]
    x = [line for line, _ in lines]
    extra = ["", "Ünïcödé ÅNGSTRÖM straße İstanbul ﬁne", "a b c 1 22 333", "rain RAIN Rain", "x_1 don't e-mail\tnew\nline  spaces"]
    return x, np.array([topic for _, topic in lines]), x[::2] + extra


def records():
    """Rows as dictionaries."""
    rows = [{"city": "Oslo", "age": 41.0}, {"city": "Lima", "age": 12.5, "member": 1}, {"age": 3}, {"city": "Oslo", "score": -2.0}]
    return rows * 3, None, [*rows, {"city": "Unknown", "age": 1}]


def records_labelled():
    rows, _, test = records()
    return rows, np.array(["a", "b", "a", "b"] * 3), test


def records_lists():
    """A value may be a list of strings."""
    rows = [{"tags": ["red", "round"], "size": 2}, {"tags": ["red"], "size": 1}, {"tags": "square"}]
    return rows, None, rows


def tokens():
    rows = [line.lower().split() for line in texts()[0]]
    return rows, None, rows


def pairs():
    rows = [[(word, float(len(word) % 4 - 1)) for word in row] for row in tokens()[0]]
    return rows, None, rows


def texts_two():
    x, y, test = texts()
    return x, np.where(y == "food", "food", "other"), test


_LANGUAGES = """Ὀδυσσεὺς ἈΣΣΟΣ ΟΔΟΣ Σ ΑΣ. ΑΣ'Σ ΣΑΣ ᾼ
İstanbul'da IŞIK ılık İİ DİYARBAKIR Ⅷ Ⓐ ǅ ŉ
Щука ёлка Ёж МОСКВА, 2024 год; й й
今天天气很好，我们去公园散步。東京 カタカナ ｶﾞ ㌔
اللغة العربية ١٢٣ جميلة عَرَبِيّ
हिन्दी में क्षत्रिय १२
한국어 텍스트 각 ᄒᆞᆫ 가나다
Straße ẞ ﬁne ﬀ Åå ÅÅ é é ½ ² ³x ①②
naïve café déjà​vu ligne İı ﷺ
emoji 😀👍🏽 x😀y 𝔘𝔫𝔦 𐐀𐐨 Ⱥ Ⱦ K Ω"""


def languages():
    """Texts whose characters are not ASCII: cases that change their length or depend on neighbours, composed and decomposed."""
    x = _LANGUAGES.split("\n")
    return x, np.arange(len(x)) % 2, [*x, "ΑΣ", "Σ", "̇", " ", "ΟΔΟΣ́ ΟΔΟΣ́Α", "_a_ __ a_"]


@functools.lru_cache(maxsize=None)
def load(name):
    return globals()[name]()
