"""Models that are Python programs: what they answer, and what is said of those that are wrong."""

import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from harness.python_models import SCALE, client, code, deploy, predict, refusal, server, start, workers  # noqa: F401
from harness.server import wait_for


@pytest.fixture(params=["process", "thread"])
def isolation(request):
    return request.param


# ---- Answers

def test_answers_are_those_of_numpy(client, deploy):
    described = deploy(SCALE)
    assert described["framework"] == "python" and described["engine"] == "python"
    x = np.linspace(-5, 5, 12, dtype=np.float32).reshape(4, 3)
    assert np.array_equal(np.array(predict(client, x.tolist()), np.float32), np.sqrt(np.abs(x)) * np.float32(2.5))


@pytest.mark.parametrize("size", [0, 1, 1000, 300_000], ids=str)
def test_sizes_that_travel_in_the_frame_and_in_shared_memory(client, deploy, size):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": ("int64", [None])}, "outputs": {"same": ("int64", [None]), "double": ("int64", ["n"])}}
        def predict(inputs):
            return {"same": inputs["x"], "double": inputs["x"] * 2}
        """)
    x = np.arange(size, dtype="<i8")
    for _ in range(3):
        answer = client.send("POST", "/predict/m", x.tobytes(), {"Content-Type": "application/octet-stream"}).outputs
        assert answer["same"] == x.tolist() and answer["double"] == (2 * x).tolist()


ANY_TYPE = """
    signature = {"inputs": {"x": (%r, None)}, "outputs": {"y": (%r, None), "kind": "str"}}
    def predict(inputs):
        x = inputs["x"]
        assert not x.flags.writeable
        return {"y": x, "kind": str(x.dtype)}
    """
TYPES = {"BOOL": ("bool", [True, False, True]), "INT8": ("int8", [-128, 0, 127]), "INT16": ("int16", [-32768, 0, 32767]),
         "INT32": ("int32", [-2**31, 0, 2**31 - 1]), "INT64": ("int64", [-2**63, 0, 2**63 - 1]), "UINT8": ("uint8", [0, 1, 255]),
         "UINT16": ("uint16", [0, 1, 65535]), "UINT32": ("uint32", [0, 1, 2**32 - 1]), "UINT64": ("uint64", [0, 1, 2**64 - 1]),
         "FP16": ("float16", [-1.5, 0.0, 65504.0]), "FP32": ("float32", [-1.5, 0.0, 3.25]), "FP64": ("float64", [-1.5, 0.0, 1e300])}


@pytest.mark.parametrize("type_name", TYPES)
@pytest.mark.parametrize("repeat", [1, 2000])
def test_every_type_of_numbers(client, deploy, type_name, repeat):
    kind, values = TYPES[type_name]
    deploy(ANY_TYPE % (kind, type_name))
    data = np.array(values * repeat, kind).reshape(3, -1)
    binary = data.tobytes()
    header = json.dumps({"inputs": [{"name": "x", "datatype": type_name, "shape": list(data.shape),
                                     "parameters": {"binary_data_size": len(binary)}}],
                         "outputs": [{"name": "y", "parameters": {"binary_data": True}}, {"name": "kind"}]}).encode()
    answer = client.send("POST", "/v2/models/m/infer", header + binary,
                         {"Inference-Header-Content-Length": str(len(header)), "Content-Type": "application/octet-stream"})
    assert answer.status == 200, answer.body
    length = int(answer.headers["inference-header-content-length"])
    y, seen = json.loads(answer.body[:length])["outputs"]
    assert (y["datatype"], y["shape"]) == (type_name, list(data.shape)) and answer.body[length:] == binary
    assert seen["data"] == [kind]


@pytest.mark.parametrize("words", [["", "a", "zürich", "日本" * 10], ["x" * 5000, "", "y"]], ids=["short", "long"])
def test_strings(client, deploy, words):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": ("str", [-1])}, "outputs": {"back": ("BYTES", [-1]), "text": ("str", [-1])}}
        def predict(inputs):
            x = inputs["x"]
            assert x.dtype == object and all(type(word) is bytes for word in x)
            return {"back": x[::-1], "text": np.array([word.decode().upper() for word in x])}
        """)
    answer = predict(client, words)
    assert answer == {"back": words[::-1], "text": [word.upper() for word in words]}


def test_arrays_that_are_views_or_of_another_byte_order(client, deploy):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": ("float64", [-1, -1])},
                     "outputs": {"t": ("float64", None), "step": ("float64", None), "big": ("float64", None), "part": ("float64", None)}}
        def predict(inputs):
            x = inputs["x"]
            return {"t": x.T, "step": x[::2, ::-1], "big": x.astype(">f8"), "part": x[1:]}
        """)
    x = np.arange(6000, dtype=float).reshape(60, 100)
    answer = predict(client, x.tolist())
    for name, expected in (("t", x.T), ("step", x[::2, ::-1]), ("big", x), ("part", x[1:])):
        assert np.array_equal(np.array(answer[name]), expected), name


def test_only_wanted_outputs_and_plain_values(client, deploy):
    deploy("""
        class Model:
            signature = {"inputs": {"x": ("float32", [-1])}, "outputs": {"sum": "float32", "all": ("float32", [-1]), "text": "str"}}
            def predict(self, inputs):
                return sum(inputs["x"].tolist()), [1, 2.5, 3], "done"
        """)
    assert predict(client, [1, 2, 3.5]) == {"sum": 6.5, "all": [1, 2.5, 3], "text": "done"}
    assert predict(client, [1.0], outputs=["text"]) == "done"


HINTS = """
    from typing import Annotated, NamedTuple, TypedDict
    import numpy as np
    from numpy.typing import NDArray

    class Both(TypedDict):
        total: NDArray[np.float64]
        count: Annotated[np.ndarray, "int64", ()]

    class Pair(NamedTuple):
        total: NDArray[np.float64]
        count: NDArray[np.int64]

    def typed(x: Annotated[np.ndarray, "float64", (-1,)], scale: NDArray[np.float64] = None) -> Both:
        return {"total": x.sum() * (1 if scale is None else scale), "count": x.size}

    async def named(x: NDArray[np.float64]) -> Pair:
        return Pair(x.sum(), np.array(x.size))

    def single(x: np.ndarray) -> Annotated[np.ndarray, np.float64, [2]]:
        return np.array([x.min(), x.max()], float)

    def two(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], np.ndarray]:
        return x + 1, x > 1

    def unhinted(x):
        return x
    """


def test_signatures_from_type_hints(client, code):
    path = code(HINTS, "hints.py")
    for function in ("typed", "named", "single", "two"):
        client.deploy(function, path, config={"options": {"function": function}})
    x = [1.0, 2.0, 4.5]
    for function in ("typed", "named"):
        assert client.predict(function, {"x": x}).outputs == {"total": 7.5, "count": 3}
    assert client.predict("typed", {"x": x, "scale": 2.0}).outputs["total"] == 15
    assert client.predict("single", {"x": x}).outputs == [1.0, 4.5]
    assert client.predict("two", {"x": x}).outputs == {"output_0": [2.0, 3.0, 5.5], "output_1": [False, True, True]}
    description = client.get("/models/typed").json["versions"][0]
    optional = {spec["name"]: spec.get("optional", False) for spec in description["inputs"]}
    assert optional == {"x": False, "scale": True}
    status, message = refusal(client, path, config={"options": {"function": "unhinted"}})
    assert status == 422 and "signature = {" in message
    status, message = refusal(client, path, config={"options": {"function": "missing"}})
    assert status == 400 and "'missing'" in message and "named, single, two, typed, unhinted" in message


def test_a_declared_signature(client, code, models):
    path = code("def predict(a, b):\n    return a - b\n")
    (models / "model.json").write_text(json.dumps({
        "inputs": [{"name": name, "datatype": "FP32", "shape": [-1]} for name in "ab"],
        "outputs": [{"name": "difference", "datatype": "FP32", "shape": [-1]}]}))
    client.deploy("m", path)
    assert client.predict("m", {"a": [5, 6], "b": [1, 2]}).outputs == [4, 4]


def test_a_folder_with_imports_and_data(client, code):
    code("RATE = 3\n", "helpers.py", "net")
    (code("", "data.pkl", "net")).write_bytes(b"\x80\x04N.")
    code("""
        import helpers
        from pathlib import Path
        signature = {"inputs": {"x": "int64"}, "outputs": {"y": "int64"}}
        def predict(inputs):
            assert Path("data.pkl").exists(), "it runs in its own folder"
            return inputs["x"] * helpers.RATE
        """, folder="net")
    folder = code("", "__init__.py", "net").parent
    status, message = refusal(client, folder)
    assert status == 422 and "data.pkl, model.py" in message
    client.deploy("m", folder, framework="python")
    assert predict(client, 14) == 42
    assert not list(folder.rglob("__pycache__")), "a file that appears there would have the model loaded again"


def test_requests_of_a_model_that_says_batch_are_joined(client, deploy):
    deploy("""
        import time
        import numpy as np
        signature = {"inputs": {"x": ("int64", [-1])}, "outputs": {"y": ("int64", [-1]), "rows": ("int64", [-1])}, "batch": True}
        def predict(inputs):
            time.sleep(0.05)
            return {"y": inputs["x"] + 1, "rows": np.full(len(inputs["x"]), len(inputs["x"]))}
        """)
    rows = []

    def ask(i):
        client = clients[i]
        for k in range(5):
            answer = client.predict("m", {"x": [10 * i + k]}).outputs
            assert answer["y"] == [10 * i + k + 1]
            rows.append(answer["rows"][0])

    clients = [type(client)("127.0.0.1", client._connection.port) for _ in range(6)]
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 30 and max(rows) > 1


def test_async_models_run_their_own_loop(client, deploy):
    deploy("""
        import asyncio
        class Model:
            signature = {"inputs": {"x": ("float64", [])}, "outputs": {"y": ("float64", [])}}
            async def load(self):
                self.lock = asyncio.Lock()
            async def predict(self, inputs):
                async with self.lock:
                    parts = await asyncio.gather(*(asyncio.sleep(0.01, i) for i in range(3)))
                return float(inputs["x"]) + sum(parts)
        """)
    assert [predict(client, 1), predict(client, 2.5)] == [4, 5.5]


# ---- What is wrong with a program

BROKEN = {
    "syntax": ("def predict(inputs)\n    return 1\n", ["SyntaxError", "model.py, line 1"]),
    "import": ("import no_such_library\n", ["ModuleNotFoundError: No module named 'no_such_library'", "model.py, line 1"]),
    "empty": ("x = 1\n", ["model.py holds no model", "predict"]),
    "no signature": ("def predict(inputs):\n    return inputs\n", ["nothing says what the model's inputs and outputs are", "float32"]),
    "two classes": ("class A:\n    def predict(self, inputs): pass\nclass B:\n    def predict(self, inputs): pass\n",
                    ["several classes with predict (A, B)"]),
    "bad type": ("signature = {'inputs': {'x': 'float33'}, 'outputs': {'y': 'int64'}}\ndef predict(inputs): pass\n",
                 ["input 'x'", "float33"]),
    "bad shape": ("signature = {'inputs': {'x': ('int8', [-2])}, 'outputs': {'y': 'int64'}}\ndef predict(inputs): pass\n",
                  ["input 'x'", "[-2]"]),
    "no outputs": ("signature = {'inputs': {'x': 'int8'}, 'outputs': {}}\ndef predict(inputs): pass\n", ["no output"]),
    "bad key": ("signature = {'inputs': {}, 'outputs': {'y': 'int8'}, 'batches': 1}\ndef predict(inputs): pass\n", ["'batches'"]),
    "other arguments": ("signature = {'inputs': {'x': 'int8'}, 'outputs': {'y': 'int8'}}\ndef predict(a, b): pass\n",
                        ["predict takes a, b", "the inputs are x"]),
    "load fails": ("class Model:\n  def load(self):\n    raise ValueError('no wéights 日本')\n  def predict(self, inputs): pass\n",
                   ["ValueError: no wéights 日本", "model.py, line 3, in load"]),
    "exits": ("import os\nprint('leaving')\nos._exit(3)\n", ["ended with exit status 3", "its last line was: leaving"]),
    "sys.exit": ("raise SystemExit('I will not')\n", ["SystemExit: I will not", "model.py, line 1"]),
    "aborts": ("import os\nos.abort()\n", ["was killed by signal 6"]),
    "binary": ("\0\0\0", ["null bytes"]),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_program_is_refused_with_the_reason(server, client, code, case, isolation):
    if isolation == "thread" and case in ("exits", "aborts"):
        pytest.skip("it would end the server")
    text, words = BROKEN[case]
    status, message = refusal(client, code(text))
    assert status == 422, message
    for word in words:
        assert word in message
    wait_for(lambda: not workers(server), "the process to be gone")


def test_a_load_that_takes_too_long(server, client, code):
    status, message = refusal(client, code("import time\ntime.sleep(1000)\n"), config={"options": {"load_timeout_s": "1"}})
    assert status == 422 and "load_timeout_s, 1 s" in message
    wait_for(lambda: not workers(server), "the process to be gone")


FAILURES = """
    import sys
    import numpy as np
    import plinth
    signature = {"inputs": {"x": "str"}, "outputs": {"y": ("float32", [2])}}
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError
    def predict(inputs):
        x = inputs["x"].item().decode()
        return {"y": eval(x)} if not x.startswith("!") else exec(x[1:])
    """


@pytest.mark.parametrize("expression,status,words", [
    ("1 / 0", 500, ["ZeroDivisionError: division by zero", "model.py, line 11, in predict"]),
    ("!raise plinth.InvalidInput('too small: ü')", 400, ["too small: ü"]),
    ("!raise ValueError('日本 \\ud800')", 500, ["ValueError: 日本 \\ud800"]),
    ("!raise Odd()", 500, ["Odd: its message cannot be shown"]),
    ("!raise MemoryError()", 503, ["MemoryError"]),
    ("!raise KeyboardInterrupt()", 500, ["KeyboardInterrupt"]),
    ("np.zeros(2)", 500, ["output 'y' is FP64; the signature says FP32", "astype(\"float32\")"]),
    ("np.zeros(3, 'f4')", 500, ["output 'y' has the shape [3]; the signature says [2]"]),
    ("np.zeros((2, 1), 'f4')", 500, ["the shape [2, 1]"]),
    ("np.zeros(2, complex)", 500, ["output 'y'", "complex128"]),
    ("[1, 'b']", 500, ["output 'y' is a list that is no array"]),
    ("{'z': 1}.items()", 500, ["output 'y' is a dict_items"]),
    ("!pass", 500, ["output 'y' is None"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_call_that_fails_fails_alone(server, client, deploy, expression, status, words):
    deploy(FAILURES)
    before = workers(server)
    answer = client.predict("m", {"x": expression})
    assert answer.status == status, answer.body
    for word in words:
        assert word in answer.error["message"]
    assert predict(client, "[1, 2]") == [1, 2] and workers(server) == before


def test_a_missing_output(client, deploy):
    deploy("signature = {'inputs': {}, 'outputs': {'a': 'int8', 'b': 'int8'}}\ndef predict(inputs):\n    return {'a': 1, 'c': 2}\n")
    answer = client.predict("m", {})
    assert answer.status == 500 and "no output 'b'; it gave 'a', 'c'" in answer.error["message"]


def test_rows_of_declared_inputs_stay_together(client, code):
    """That a size may vary does not make rows independent."""
    program = """
        def predict(inputs):
            return {"y": inputs["x"] - inputs["x"].mean()}
        """
    tensor = {"datatype": "FP64", "shape": [-1]}
    declared = {"inputs": [{"name": "x", **tensor}], "outputs": [{"name": "y", **tensor}]}
    client.deploy("m", code(program), config=declared)
    x = list(range(100))
    assert client.predict("m", {"x": x}).outputs == [value - 49.5 for value in x]
    client.deploy("n", code(program + """
        predict.signature = {"inputs": {"x": ("float64", [-1])}, "outputs": {"y": ("float64", [-1])}, "batch": True}
        """, "n.py"), config={**declared, "batch_size": 50})
    assert client.predict("n", {"x": x}).outputs == [value - (24.5 if value < 50 else 74.5) for value in x]
