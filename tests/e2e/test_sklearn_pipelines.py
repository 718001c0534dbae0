"""Pipelines as people build them from tables of mixed columns, saved in every way that is usual, against scikit-learn's own answers."""

import pickle

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (GradientBoostingClassifier, HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier,
                              RandomForestRegressor, StackingClassifier, VotingClassifier)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectFromModel, SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (FunctionTransformer, KBinsDiscretizer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, PolynomialFeatures,
                                   QuantileTransformer, StandardScaler)
from sklearn.svm import SVC, LinearSVC

from harness.server import Server

NUMBERS, WORDS = ["age", "income", "tenure"], ["city", "plan"]


def customers(holes):
    generator = np.random.default_rng(5)
    table = pd.DataFrame({"age": generator.integers(18, 80, 150).astype(float), "income": generator.lognormal(10, 0.5, 150).round(2),
                          "tenure": generator.integers(0, 10, 150), "city": generator.choice(["Oslo", "Köln", "São Paulo"], 150),
                          "plan": generator.choice(["basic", "plus", "pro"], 150), "member": generator.choice([True, False], 150),
                          "notes": generator.choice(["late payment again", "happy customer", "called twice about a refund", "très bien"], 150)})
    score = (table.age - 45) / 20 + (table.city == "Oslo") * 1.5 - (table.plan == "pro")
    if holes:
        table.loc[::7, "income"] = np.nan
        table.loc[::11, "city"] = np.nan
    return table, np.where(score > 0.7, "high", np.where(score > -0.5, "mid", "low")), score.to_numpy() * 100


WHOLE, LABELS, SCORES = customers(holes=False)
HOLES = customers(holes=True)[0]
BOTH = np.column_stack([LABELS, np.where(WHOLE.member, "yes", "no")])


def prepared(*steps):
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    return make_pipeline(ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)]), *steps)


def of_tree(**arguments):
    return RandomForestClassifier(10, random_state=0, **arguments)


# An estimator, the table that it is fitted on, and its target.
PIPELINES = {
    "logistic regression": (prepared(LogisticRegression(max_iter=500)), HOLES, LABELS),
    "an isolation forest": (prepared(IsolationForest(n_estimators=10, random_state=0)), HOLES, None),
    "a transformer alone": (prepared()[0], HOLES, None),
    "columns as an index of pandas": (
        make_pipeline(make_column_transformer((StandardScaler(), WHOLE[NUMBERS].columns), (OneHotEncoder(), WHOLE[WORDS].columns)),
                      GradientBoostingClassifier(n_estimators=10, random_state=0)), WHOLE, LABELS),
    "columns by type": (
        make_pipeline(make_column_transformer((StandardScaler(), make_column_selector(dtype_include=np.number)),
                                              (OneHotEncoder(), make_column_selector(pattern="city|plan"))), of_tree()), WHOLE, LABELS),
    "what remains is passed on": (
        make_pipeline(make_column_transformer((OneHotEncoder(), WORDS), ("drop", ["notes"]), remainder="passthrough"), of_tree()), WHOLE, LABELS),
    "text columns that nothing looks at": (
        make_pipeline(make_column_transformer((KBinsDiscretizer(4), ["age"]), (FunctionTransformer(np.log1p), ["income"]),
                                              (FunctionTransformer(np.clip, kw_args={"a_min": 1, "a_max": 5}), ["tenure"]),
                                              ("passthrough", ["member"])), LogisticRegression(max_iter=500)), WHOLE, LABELS),
    "texts beside numbers": (
        make_pipeline(ColumnTransformer([("t", TfidfVectorizer(), "notes"), ("n", MinMaxScaler(), NUMBERS), ("c", OneHotEncoder(), ["city"])]),
                      LogisticRegression(max_iter=500)), WHOLE, LABELS),
    "categories of a boosted forest": (
        make_pipeline(make_column_transformer((OrdinalEncoder(), WORDS), ("passthrough", NUMBERS)),
                      HistGradientBoostingClassifier(max_iter=10, categorical_features=[0, 1])), WHOLE, LABELS),
    "types of a boosted forest": (
        HistGradientBoostingClassifier(max_iter=10), WHOLE[NUMBERS + WORDS].astype({"city": "category", "plan": "category"}), LABELS),
    "polynomials": (make_pipeline(PolynomialFeatures(2), StandardScaler(), Ridge()), WHOLE[NUMBERS], SCORES),
    "a grid search": (GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1]}, cv=2), WHOLE[NUMBERS], LABELS),
    "a calibrated SVM": (CalibratedClassifierCV(make_pipeline(StandardScaler(), LinearSVC(random_state=0)), cv=3), WHOLE[NUMBERS], LABELS),
    "a stack": (
        StackingClassifier([("a", prepared(of_tree())), ("b", prepared(LinearSVC(random_state=0)))], LogisticRegression(), cv=2), HOLES, LABELS),
    "a vote": (VotingClassifier([("a", prepared(LogisticRegression())), ("b", prepared(of_tree()))], voting="soft"), HOLES, LABELS),
    "neighbours as imputers": (  # no two rows are equally far from a third: numpy.argpartition would choose
        make_pipeline(KNNImputer(n_neighbors=3), StandardScaler(), LogisticRegression()),
        HOLES[NUMBERS].assign(age=HOLES.age + np.arange(150) ** 2 / 1e6), LABELS),
    "a transformed target": (
        TransformedTargetRegressor(RandomForestRegressor(10, random_state=0), func=np.log1p, inverse_func=np.expm1), WHOLE[NUMBERS], np.abs(SCORES)),
    "features of a forest": (make_pipeline(SelectFromModel(of_tree(), threshold="median"), LogisticRegression(max_iter=500)), WHOLE[NUMBERS], LABELS),
    "a union": (
        make_pipeline(FeatureUnion([("p", PCA(2)), ("k", SelectKBest(k=1)), ("q", QuantileTransformer(n_quantiles=20))]),
                      KNeighborsClassifier(5, weights="distance")), WHOLE[NUMBERS], LABELS),
    "two targets": (MultiOutputClassifier(of_tree()), WHOLE[NUMBERS], BOTH),
    "words": (make_pipeline(CountVectorizer(stop_words="english", strip_accents="unicode"), MultinomialNB()), WHOLE.notes, LABELS),
    "pieces of words": (
        make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True), TruncatedSVD(3, random_state=0),
                      LogisticRegression()), WHOLE.notes, LABELS),
}


def rows_of(table):
    if isinstance(table, pd.Series):
        return table.tolist()
    cell = lambda value: None if pd.isna(value) else value.item() if hasattr(value, "item") else value
    return [{name: cell(value) for name, value in row.items()} for row in table.to_dict("records")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def server(tmp_path_factory, folder):
    server = Server(tmp_path_factory.mktemp("server"), roots=[folder])
    yield server
    server.close()


def numbers_of(answer):
    return np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer, dtype=float)


def assert_served(client, name, model, table):
    outputs = client.predict(name, rows_of(table)).outputs
    wanted = getattr(model, "predict" if hasattr(model, "predict") else "transform")(table)
    if isinstance(outputs, list) and isinstance(outputs[0], str):
        outputs = {"label": outputs}
    if not isinstance(outputs, dict):
        return np.testing.assert_allclose(numbers_of(outputs), numbers_of(wanted), rtol=1e-9, atol=1e-12)
    assert outputs["label"] == wanted.tolist()
    if "probabilities" in outputs:
        np.testing.assert_allclose(outputs["probabilities"], model.predict_proba(table), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", PIPELINES)
def test_pipelines(client, name, folder, case):
    model, table, target = PIPELINES[case]
    model.fit(table) if target is None else model.fit(table, target)
    joblib.dump(model, folder / f"{name}.joblib")
    client.deploy(name, f"{name}.joblib")
    assert_served(client, name, model, table.iloc[:20])
    assert_served(client, name, model, table.iloc[:1])


SAVED = {
    **{f"p{protocol}.pkl": lambda model, path, protocol=protocol: path.write_bytes(pickle.dumps(model, protocol)) for protocol in range(6)},
    "model.pickle": lambda model, path: path.write_bytes(pickle.dumps(model)),
    "model.sav": lambda model, path: path.write_bytes(pickle.dumps(model)),
    "cloud.pkl": lambda model, path: path.write_bytes(cloudpickle.dumps(model)),
    "model.joblib": joblib.dump,
    "model.skops": skops.io.dump,
    **{f"{how}.joblib": lambda model, path, how=how: joblib.dump(model, path, compress=(how, 3)) for how in ("zlib", "gzip", "bz2", "xz", "lzma")},
    **{f"model.joblib.{how}": joblib.dump for how in ("z", "gz", "bz2", "xz", "lzma")},
}


@pytest.fixture(scope="module")
def saved():
    return Pipeline([("vectorizer", TfidfVectorizer()), ("forest", of_tree())]).fit(WHOLE.notes, LABELS)


@pytest.mark.parametrize("file", SAVED)
def test_files(client, name, folder, saved, file):
    SAVED[file](saved, folder / file)
    assert client.deploy(name, file)["framework"] == "sklearn"
    assert_served(client, name, saved, WHOLE.notes[:5])
