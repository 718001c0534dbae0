"""Models that are Python programs, each in a process of its own."""

import json
import os
import signal
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from harness.python_models import children_of, client, code, deploy, predict, refusal, server, start, workers  # noqa: F401
from harness.server import SANITIZED, wait_for

SCALE = """
    import numpy as np

    class Scale:
        signature = {"inputs": {"x": ("float32", [-1, 3])}, "outputs": {"y": ("float32", [-1, 3])}}

        def load(self):
            self.factor = np.float32(2.5)

        def predict(self, inputs):
            return {"y": np.sqrt(np.abs(inputs["x"])) * self.factor}
    """


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
def test_a_broken_program_is_refused_with_the_reason(server, client, code, case):
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


# ---- Processes that die or hang

CONTROL = """
    import ctypes, os, signal, sys, time
    import numpy as np
    signature = {"inputs": {"x": "str"}, "outputs": {"pid": "int64"}}
    def stubborn():
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    def predict(inputs):
        exec(inputs["x"].item().decode())
        return os.getpid()
    """


@pytest.mark.parametrize("statement,words", [
    ("os._exit(7)", ["ended with exit status 7"]),
    ("sys.exit(0)", ["ended with exit status 0"]),
    ("os.abort()", ["was killed by signal 6"]),
    ("ctypes.string_at(0)", ["was killed by signal 11"]),
    ("print('last words'); os.kill(os.getpid(), 9)", ["was killed by signal 9", "its last line was: last words"]),
    ("os.close(3)", ["process"]),
    ("os.write(3, b'x' * 100)", ["process"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_process_that_dies_fails_one_request_and_comes_back(server, client, deploy, statement, words):
    deploy(CONTROL)
    first = predict(client, "pass")
    answer = client.predict("m", {"x": statement})
    assert answer.status in (500, 503), answer.body
    for word in words:
        assert word in answer.error["message"]

    def comes_back():
        answer = client.predict("m", {"x": "pass"})
        assert answer.status in (200, 503), answer.body
        return answer.outputs if answer.status == 200 else None

    second = wait_for(comes_back, "the model to answer again")
    assert second != first and workers(server) == [second]


def test_kill_from_outside_between_and_during_calls(server, client, deploy):
    deploy(CONTROL)
    for slow in (False, True):
        pid = wait_for(lambda: (answer := client.predict("m", {"x": "pass"})).status == 200 and answer.outputs, "the model")
        if slow:
            timer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
            timer.start()
            answer = client.predict("m", {"x": "time.sleep(60)"})
            assert answer.status == 503 and "was killed by signal 9" in answer.error["message"]
        else:
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: "was killed by signal 9" in server.log(), "the log to say so")


def test_a_process_that_never_loads_again_leaves_503(server, client, code):
    path = code(CONTROL)
    client.deploy("m", path)
    predict(client, "pass")
    path.write_text("raise ValueError('broken meanwhile')")
    assert client.predict("m", {"x": "os._exit(1)"}).status == 503
    answer = wait_for(lambda: "broken meanwhile" in (answer := client.predict("m", {"x": "pass"})).body.decode() and answer,
                      "the reason")
    assert answer.status == 503 and "ValueError: broken meanwhile" in answer.error["message"]
    path.write_text(textwrap.dedent(CONTROL))
    wait_for(lambda: client.predict("m", {"x": "pass"}).status == 200, "the model to be back")


@pytest.mark.parametrize("statement", ["time.sleep(1000)", "while True: pass", "stubborn()", "sum(range(10**12))"])
def test_a_call_that_hangs_ends_at_its_deadline(server, client, deploy, statement):
    deploy(CONTROL)
    first = predict(client, "pass")
    begin = time.monotonic()
    answer = client.predict("m", {"x": statement}, timeout_ms=500)
    assert answer.status == 504, answer.body
    assert time.monotonic() - begin < 5

    def again():
        answer = client.predict("m", {"x": "pass"})
        assert answer.status in (200, 503, 429), answer.body
        return answer.outputs if answer.status == 200 else None

    second = wait_for(again, "the model to answer again")
    if statement in ("time.sleep(1000)", "while True: pass"):
        assert second == first, "what can be interrupted need not be killed"


def test_no_process_outlives_the_server(server, client, deploy):
    deploy(CONTROL)
    predict(client, "import subprocess; subprocess.Popen(['sleep', '1000'])")
    pids = workers(server)
    assert len(pids) == 1
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the worker to be gone")
    server.process.returncode = 0


def test_an_unload_ends_in_order(server, client, code, models):
    mark = models / "ended"
    client.deploy("m", code(f"""
        import subprocess
        signature = {{"inputs": {{}}, "outputs": {{"y": "int8"}}}}
        child = subprocess.Popen(["sleep", "1000"])
        def predict(inputs):
            return 1
        def unload():
            open({str(mark)!r}, "w").write("x")
        """))
    (worker,) = workers(server)
    children = children_of(worker)
    assert len(children) == 1
    assert client.delete("/models/m").status == 200
    wait_for(lambda: not workers(server), "the worker to be gone")
    assert mark.exists()
    wait_for(lambda: not Path(f"/proc/{children[0]}").exists(), "what the worker started to be gone")


def test_output_is_in_the_log(server, client, deploy):
    deploy("""
        import os, sys
        print("loading now")
        signature = {"inputs": {"x": "int8"}, "outputs": {"y": "int8"}}
        def predict(inputs):
            print("prints ünicode \\x1b[31m")
            sys.stderr.write("no end of line")
            os.system("echo from a child")
            return inputs["x"]
        """)
    predict(client, 1)
    wait_for(lambda: "no end of line" in server.log() or None, "the log")
    for line in ("m/v1: loading now", "m/v1: prints ünicode", "from a child"):
        assert line in server.log()
    assert "\x1b" not in server.log()


@pytest.mark.skipif(SANITIZED, reason="sanitizers reserve more memory than any limit leaves")
def test_a_memory_bomb_is_bounded(server, client, deploy):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": "int64"}, "outputs": {"y": "int64"}}
        def predict(inputs):
            return len(b"x" * int(inputs["x"]))
        """, options={"memory_mb": "600"})
    assert predict(client, 1000) == 1000
    answer = client.predict("m", {"x": 4 << 30})
    assert answer.status == 503 and "MemoryError" in answer.error["message"]
    assert predict(client, 5) == 5


def test_tensors_that_do_not_fit_are_refused(client, deploy):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": ("uint8", [-1])}, "outputs": {"y": ("uint8", [-1])}}
        def predict(inputs):
            return np.zeros(int(inputs["x"][0]) << 20, np.uint8)
        """, options={"shm_mb": "8"})
    raw = {"Content-Type": "application/octet-stream"}
    wanted = {**raw, "Accept": "application/octet-stream"}
    for _ in range(5):
        assert len(client.send("POST", "/predict/m", b"\x03", wanted).body) == 3 << 20
        for body in (b"\x05", b"\0" * (5 << 20)):
            answer = client.send("POST", "/predict/m", body, raw)
            assert answer.status == 503 and "shm_mb" in answer.error["message"], answer.body[:300]


# ---- Many

def test_instances_run_side_by_side(server, client, deploy):
    deploy("""
        import os, time
        signature = {"inputs": {"x": "int64"}, "outputs": {"pid": "int64"}}
        def predict(inputs):
            time.sleep(0.3)
            return os.getpid()
        """, instances=2)
    assert len(workers(server)) == 2
    pids = set()
    begin = time.monotonic()
    clients = [server.client() for _ in range(4)]
    threads = [threading.Thread(target=lambda c=c: pids.add(predict(c, 1))) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pids == set(workers(server)) and time.monotonic() - begin < 1.1


def test_hot_reloads_leak_nothing(server, client, code):
    text = "signature = {{'inputs': {{}}, 'outputs': {{'y': 'int64'}}}}\ndef predict(inputs):\n    return {}\n"
    path = code(text.format(0))
    client.deploy("m", path)

    def reload(number):
        path.write_text(text.format(number))
        assert client.post("/models/m/reload", {}).status == 200
        wait_for(lambda: client.predict("m", {}).outputs == number, "the new answer")

    def files():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    for number in range(1, 11):
        reload(number)
    wait_for(lambda: len(workers(server)) == 1, "one process")
    before, resident = files(), server.resident_kb()
    for number in range(11, 111 if not SANITIZED else 21):
        reload(number)
    wait_for(lambda: len(workers(server)) == 1, "one process")
    wait_for(lambda: files() <= before + 2, "the files to be closed")
    assert SANITIZED or server.resident_kb() < resident + 20_000


# ---- Which Python

def test_only_known_interpreters_run(server, client, code, models, tmp_path):
    path = code(SCALE)
    other = tmp_path / "bin" / "python3"
    other.parent.mkdir()
    other.symlink_to("/bin/true")
    for python in (str(other), "/bin/sh", "../bin/python3", str(tmp_path)):
        status, message = refusal(client, path, config={"options": {"python": python}})
        assert status == 400 and "--allow-code" in message and "--python" in message
    client.deploy("m", path, config={"options": {"python": sys.executable}})
    inside = models / "venv" / "bin"
    inside.mkdir(parents=True)
    (inside / "python3").write_text(f"#!/bin/sh\nexec {sys.executable} \"$@\"\n")
    (inside / "python3").chmod(0o755)
    client.deploy("own", path, config={"options": {"python": "venv"}})
    assert client.predict("own", {"x": [[1, 1, 1]]}).outputs == [[2.5] * 3]


def test_an_interpreter_that_cannot_be_used(start_server, models, code):
    fake = models / "python3"
    fake.write_text("#!/bin/sh\necho this is no Python >&2\nexit 9\n")
    fake.chmod(0o755)
    path = code(SCALE)
    client = start_server("--allow-code", models, "--python", fake).client()
    status, message = refusal(client, path)
    assert status == 422 and "exit status 9" in message and "this is no Python" in message
    client = start_server("--allow-code", models, "--python", models / "gone").client()
    assert "there is no Python at" in refusal(client, path)[1]


@pytest.mark.parametrize("options,word", [({"shm_mb": "1"}, "shm_mb"), ({"memory_mb": "x"}, "memory_mb"), ({"pyhton": "x"}, "python")])
def test_options_are_checked(client, code, options, word):
    status, message = refusal(client, code(SCALE), config={"options": options})
    assert status == 400 and word in message
