"""pandas' DataFrames."""

import numpy as np
from sklearn import datasets

from .numbers import diabetes, iris
from .rows import TEST_ROWS, with_holes
from .texts import texts


def categories_mixed():
    """A table with columns of pandas' type category."""
    import pandas as pd

    table, y, test = mixed()
    cities = pd.CategoricalDtype(sorted(set(table["city"])))
    sizes = pd.CategoricalDtype(["small", "medium", "large"])
    return table.astype({"city": cities, "size": sizes}), y, test.astype({"city": cities, "size": sizes})


def mixed():
    """A table of numbers, strings and missing values."""
    import pandas as pd

    x, y = datasets.load_iris(return_X_y=True)
    random = np.random.RandomState(0)
    city = np.array(["Oslo", "Paris", "Lima", "Zürich"], dtype=object)[random.randint(4, size=len(x))]
    size = np.array(["small", "large", "medium"], dtype=object)[y]
    size[random.rand(len(x)) < 0.3] = "small"
    table = pd.DataFrame({"age": np.round(x[:, 0] * 10), "income": with_holes(x[:, 1:2])[:, 0], "city": city, "size": size,
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
