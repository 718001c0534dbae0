"""What clients send to scikit-learn models: the same rows in every form and through every protocol, with scikit-learn's own answers."""

import pickle

import grpc
import numpy as np
import pandas as pd
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tritonclient.utils import np_to_triton_dtype

from harness.server import Server

TEXTS = ["win free money now", "lunch at noon?", "free offer, act now", "see you at the station"]


def people():
    generator = np.random.default_rng(3)
    table = pd.DataFrame({"age": generator.integers(18, 80, 200).astype(float), "income": generator.normal(3e4, 9e3, 200),
                          "city": generator.choice(["Oslo", "Rome", "Bern"], 200), "member": generator.choice([True, False], 200)})
    labels = np.where((table.age > 45) ^ (table.city == "Oslo") ^ table.member, "stays", "leaves")
    table.loc[::17, "age"] = np.nan
    table.loc[::23, "city"] = None
    return table, labels


def trained():
    table, labels = people()
    columns = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
        ("words", make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), ["city"]),
        ("flags", "passthrough", ["member"])])
    numbers = table[["age", "income"]]
    return {
        "table": make_pipeline(columns, LogisticRegression()).fit(table, labels),
        "matrix": make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(numbers, labels),
        "nameless": make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()).fit(numbers.to_numpy(), labels),
        "flags": make_pipeline(ColumnTransformer([("f", OneHotEncoder(), ["member", "age"])]), LogisticRegression()).fit(
            pd.DataFrame({"member": [True, False] * 4, "age": [1, 2, 3, 3] * 2}), [0, 1] * 4),
        "texts": make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS * 3, [1, 0, 1, 0] * 3),
    }


MODELS = trained()
ROWS = people()[0].iloc[[0, 1, 2, 23, 34]]  # the first, fourth and fifth have something missing
AGES_AND_INCOMES = ROWS[["age", "income"]].to_numpy()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    server = Server(tmp_path_factory.mktemp("server"), roots=[folder])
    client = server.client()
    for name, model in MODELS.items():
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
        client.deploy(name, f"{name}.pkl")
    yield server
    server.close()


def null_of(value):
    """A cell as JSON has it."""
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def records(table):
    return [{name: null_of(value) for name, value in row.items()} for row in table.to_dict("records")]


def by_column(table):
    return {name: [null_of(value) for value in table[name]] for name in table.columns}


def nested(columns):
    return {name: [[value] for value in values] for name, values in columns.items()}


def assert_answers(outputs, name, x):
    labels, probabilities = MODELS[name].predict(x), MODELS[name].predict_proba(x)
    assert list(outputs["label"]) == list(labels)
    np.testing.assert_allclose(np.reshape(outputs["probabilities"], probabilities.shape), probabilities, rtol=1e-9)


FORMS = {"rows": records, "columns": by_column, "columns of rows": lambda table: nested(by_column(table))}


@pytest.mark.parametrize("form", FORMS)
def test_tables(client, form):
    assert_answers(client.predict("table", FORMS[form](ROWS)).outputs, "table", ROWS)


@pytest.mark.parametrize("form", FORMS)
def test_a_matrix_by_the_names_of_its_columns(client, form):
    numbers = ROWS[["income", "age"]]  # the order of names is the client's own
    assert_answers(client.predict("matrix", FORMS[form](numbers)).outputs, "matrix", ROWS[["age", "income"]])


@pytest.mark.parametrize("name", ["matrix", "nameless"])
def test_matrices(client, name):
    x = ROWS[["age", "income"]] if name == "matrix" else AGES_AND_INCOMES
    rows = [[null_of(value) for value in row] for row in AGES_AND_INCOMES]
    assert_answers(client.predict(name, rows).outputs, name, x)
    assert_answers(client.predict(name, rows[1]).outputs, name, x[1:2])
    assert_answers(client.predict(name, {"X": rows}).outputs, name, x)


def test_one_row_without_lists(client):
    assert_answers(client.predict("table", records(ROWS)[1]).outputs, "table", ROWS.iloc[1:2])


def test_truth_values(client):
    table = pd.DataFrame({"member": [True, False], "age": [3, 2]})
    for flags in ([True, False], [1, 0], [1.0, 0.0]):
        rows = [{"member": flag, "age": age} for flag, age in zip(flags, [3, 2])]
        assert_answers(client.predict("flags", rows).outputs, "flags", table)


@pytest.mark.parametrize("inputs", [TEXTS, [[text] for text in TEXTS], {"X": TEXTS}, [{"X": text} for text in TEXTS]])
def test_texts(client, inputs):
    assert_answers(client.predict("texts", inputs).outputs, "texts", TEXTS)


def test_the_columns_are_described(client):
    inputs = client.get("/models/matrix").json["versions"][0]["inputs"]
    assert inputs == [{"name": "X", "datatype": "FP64", "shape": [-1, 2], "columns": ["age", "income"]}]
    assert "columns" not in client.get("/models/nameless").json["versions"][0]["inputs"][0]


ROW = {"age": 41, "income": 3e4, "city": "Oslo", "member": True}
REFUSED = {
    "another name": ("table", [{"agee": 41, "income": 3e4, "city": "Oslo", "member": True}], ["'agee'", "did you mean 'age'"]),
    "another name of a matrix": ("matrix", [{"agee": 41, "income": 3e4}], ["'agee'", "did you mean 'age'"]),
    "one more": ("table", [{**ROW, "zip": 1}], ["'zip' is unknown", "'city'"]),
    "one missing": ("table", [{"income": 3e4, "city": "Oslo", "member": True}], ["'age' is missing"]),
    "one missing of a matrix": ("matrix", {"income": [3e4]}, ["'age' is missing"]),
    "one missing of a later row": ("matrix", [{"age": 1, "income": 1}, {"age": 1}], ["inputs[1].income is missing"]),
    "columns of two lengths": ("matrix", {"age": [1, 2], "income": [1]}, ["'income' has 1 rows"]),
    "text for a number": ("table", [{**ROW, "age": "41"}], ["inputs[0].age", '"41"']),
    "a number for text": ("table", [{**ROW, "city": 7}], ["inputs[0].city", "7"]),
    "two to a row": ("table", {**{k: [[v]] for k, v in ROW.items()}, "age": [[1, 2]]}, ["inputs.age[0] has 2 elements"]),
    "a missing text": ("texts", [None], ["row 0 is missing"]),
    "a row without names": ("table", [[41, 3e4, "Oslo", True]], ["must name them", "'city'"]),
    "the other protocol": ("matrix", [{"name": "X", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}], ["/v2/models/<name>/infer"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(client, case):
    name, inputs, words = REFUSED[case]
    answer = client.predict(name, inputs)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT"), answer.body
    for word in words:
        assert word in answer.error["message"], answer.error


@pytest.mark.parametrize("body, word", [
    ({"instances": [[1, 2]]}, "/v1/models/<name>:predict"), ({"id": "7", "inputs": []}, "/v2/models/<name>/infer"),
    ({"dataframe_records": []}, '"inputs"'), ({"dataframe_split": {}}, '"inputs"')])
def test_bodies_of_other_servers(client, body, word):
    error = client.post("/predict/matrix", body).error
    assert error["code"] == "INVALID_ARGUMENT" and word in error["message"], error


# The Open Inference Protocol.

COLUMNS = {
    "as the model has them": {},
    "of other types": {"age": np.float32, "member": bool, "income": np.float16},
    "integers": {"age": np.int64, "income": np.int32, "member": np.uint8},
}


def arrays(table, types):
    """A table's columns as Triton's clients take them; a missing string is the one byte 0."""
    columns = {}
    for name in table.columns:
        if name == "city":
            columns[name] = np.array([b"\0" if pd.isna(value) else value.encode() for value in table[name]], dtype=object)
        else:
            columns[name] = table[name].to_numpy().astype(types.get(name, np.float64))
    return columns


def ask(module, server, name, columns, binary=True):
    with module.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        inputs = []
        for column, values in columns.items():
            given = module.InferInput(column, list(values.shape), np_to_triton_dtype(values.dtype))
            given.set_data_from_numpy(values, **({} if binary else {"binary_data": False}))
            inputs.append(given)
        answer = client.infer(name, inputs)
    labels = [label.decode() if isinstance(label, bytes) else label for label in answer.as_numpy("label").ravel()]
    return {"label": labels, "probabilities": answer.as_numpy("probabilities")}


WAYS = {"binary": (triton_http, True), "JSON": (triton_http, False), "gRPC": (triton_grpc, True)}


@pytest.mark.parametrize("types", COLUMNS)
@pytest.mark.parametrize("way", WAYS)
def test_triton_columns(server, way, types):
    module, binary = WAYS[way]
    if not binary and np.float16 in COLUMNS[types].values():
        pytest.skip("FP16 has no form in JSON")
    table = ROWS.iloc[1:3].assign(income=[30000, 25000])
    columns = arrays(table, COLUMNS[types])
    given = table.assign(**{name: values.astype(float) for name, values in columns.items() if name != "city"})
    assert_answers(ask(module, server, "table", columns, binary), "table", given)
    square = {name: values.reshape(-1, 1) for name, values in columns.items()}
    assert_answers(ask(module, server, "table", square, binary), "table", given)


@pytest.mark.parametrize("way", ["binary", "gRPC"])
def test_triton_missing_values(server, way):
    assert_answers(ask(WAYS[way][0], server, "table", arrays(ROWS, {})), "table", ROWS)


@pytest.mark.parametrize("way", WAYS)
def test_triton_matrices(server, way):
    module, binary = WAYS[way]
    whole = AGES_AND_INCOMES[1:3]
    for x in (whole, whole.astype(np.float32), whole.astype(np.int64)):
        for name in ("X", "predict", "input-0"):
            assert_answers(ask(module, server, "nameless", {name: x}, binary), "nameless", x.astype(float))
    columns = {"income": whole[:, 1], "age": whole[:, 0].astype(np.int32)}
    assert_answers(ask(module, server, "matrix", columns, binary), "matrix", ROWS[["age", "income"]].iloc[1:3])


@pytest.mark.parametrize("way", WAYS)
def test_triton_texts(server, way):
    module, binary = WAYS[way]
    texts = np.array(TEXTS, dtype=object)
    for x in (texts, texts.reshape(-1, 1)):
        assert_answers(ask(module, server, "texts", {"X": x}, binary), "texts", TEXTS)


def tensor(name, datatype, data):
    return {"name": name, "datatype": datatype, "shape": [len(data)], "data": data}


def test_null_in_a_tensor(client):
    types = {"age": "FP64", "income": "FP64", "city": "BYTES", "member": "BOOL"}
    inputs = [tensor(name, types[name], values) for name, values in by_column(ROWS).items()]
    answer = client.post("/v2/models/table/infer", {"inputs": inputs})
    assert answer.status == 200, answer.body
    assert_answers({output["name"]: output["data"] for output in answer.json["outputs"]}, "table", ROWS)


@pytest.mark.parametrize("inputs, words", [
    ([tensor("age", "FP64", [1])], ["expected 2 inputs but got 1", "'income'"]),
    ([tensor("age", "FP64", [1]), tensor("zip", "FP64", [1])], ["unexpected inference input 'zip'"]),
    ([tensor("age", "FP64", [1]), tensor("income", "BYTES", ["1"])], ["'income' data-type is 'BYTES'", "'FP64'"]),
    ([tensor("age", "FP64", [1]), tensor("income", "FP64", [1, 2])], ["'income'"]),
    ([tensor("X", "FP64", [1, 2])], ["unexpected shape for input 'X'"]),
])
def test_refused_tensors(client, inputs, words):
    answer = client.post("/v2/models/matrix/infer", {"inputs": inputs})
    assert answer.status == 400, answer.body
    for word in words:
        assert word in answer.json["error"], answer.json


# TF Serving's API.

@pytest.mark.parametrize("body, key", [
    ({"instances": [ROW, ROW]}, "predictions"), ({"inputs": {name: [value] * 2 for name, value in ROW.items()}}, "outputs"),
    ({"inputs": {name: [[value]] * 2 for name, value in ROW.items()}}, "outputs")])
def test_tf_serving_tables(client, body, key):
    answer = client.post("/v1/models/table:predict", body)
    assert answer.status == 200, answer.body
    outputs = answer.json[key]
    if key == "predictions":
        outputs = {name: [row[name] for row in outputs] for name in outputs[0]}
    assert_answers(outputs, "table", pd.DataFrame([ROW, ROW]))


@pytest.mark.parametrize("body", [
    {"inputs": [[41, 3e4]]}, {"inputs": {"X": [[41, 3e4]]}}, {"inputs": {"income": [3e4], "age": [41]}}])
def test_tf_serving_matrices(client, body):
    answer = client.post("/v1/models/matrix:predict", body)
    assert answer.status == 200, answer.body
    assert_answers(answer.json["outputs"], "matrix", pd.DataFrame({"age": [41], "income": [3e4]}))
    assert client.post("/v1/models/matrix:predict", {"inputs": {"income": [3e4]}}).status == 400


def test_tf_serving_by_grpc(server):
    """Its clients have FP32 and INT64; the messages are written here as the protocol has them."""

    def field(number, payload):
        return bytes([number << 3 | 2, len(payload)]) + payload

    def tensor_proto(dtype, number, values):
        shape = field(2, field(2, bytes([1 << 3, len(values)])))
        return bytes([1 << 3, dtype]) + shape + field(number, values)

    spec = field(1, field(1, b"matrix"))
    ages = tensor_proto(9, 10, bytes([41]))  # DT_INT64, int64_val
    incomes = bytes([1 << 3, 1]) + field(2, field(2, bytes([1 << 3, 1]))) + field(5, np.float32(3e4).tobytes())  # DT_FLOAT, float_val
    inputs = b"".join(field(2, field(1, name) + field(2, value)) for name, value in ((b"age", ages), (b"income", incomes)))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict", lambda m: m, lambda m: m)
        answer = predict(spec + inputs, timeout=60)
    assert MODELS["matrix"].predict(pd.DataFrame({"age": [41], "income": [3e4]}))[0].encode() in answer
