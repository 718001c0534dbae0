"""Python models in the server's own process (isolation "thread"): what they share, what they do not, and how they end."""

import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from harness.python_models import client, code, deploy, predict, refusal, server, start, workers  # noqa: F401
from harness.server import SANITIZED, wait_for


@pytest.fixture
def isolation():
    return "thread"


# ---- Models side by side

PART = """
    import importlib, pickle, sys
    import helpers
    from pack.deep import name as deep

    class Thing:
        pass

    signature = {"inputs": {"x": "float64"}, "outputs": {"y": "float64", "names": "str"}}
    here = importlib.import_module("helpers")
    stored = pickle.loads(b"chelpers\\nKind\\n.")

    def predict(inputs):
        import helpers as later, late
        assert later is helpers is here and stored is helpers.Kind
        assert pickle.loads(b"chelpers\\nKind\\n.") is helpers.Kind
        assert pickle.loads(pickle.dumps(Thing())).__class__ is Thing
        assert "helpers" not in sys.modules or sys.modules["helpers"] is helpers
        return {"y": inputs["x"] * helpers.RATE + late.MORE, "names": f"{deep} {helpers.own()}"}
    """


def test_models_with_equal_names_do_not_see_each_other(client, code):
    for model, rate in (("a", 2), ("b", 3)):
        code(f"RATE = {rate}\nclass Kind: pass\nfrom pack import deep\ndef own():\n    return deep.name\n", "helpers.py", model)
        code(f"MORE = {rate}.5\n", "late.py", model)
        (code("", "x.py", model).parent / "pack").mkdir()
        code("", "__init__.py", f"{model}/pack")
        code("from . import other\nname = other.NAME\n", "deep.py", f"{model}/pack")
        code(f"NAME = 'of {model}'\n", "other.py", f"{model}/pack")
        client.deploy(model, code(PART, folder=model))
    for _ in range(2):
        for model, rate in (("a", 2), ("b", 3)):
            assert client.predict(model, {"x": 2}).outputs == {"y": 2 * rate + rate + 0.5, "names": f"of {model} of {model}"}


def test_instances_have_modules_of_their_own(server, client, deploy):
    deploy("""
        import time
        signature = {"inputs": {"x": "int8"}, "outputs": {"count": "int64", "name": "str"}}
        count = 0
        def predict(inputs):
            global count
            count += 1
            time.sleep(0.3)
            return count, __name__
        """, instances=2)
    assert not workers(server)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(server.client().predict("m", {"x": 1}).outputs)) for _ in range(2)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["count"] for answer in answers] == [1, 1] and len({answer["name"] for answer in answers}) == 2
    assert time.monotonic() - begin < 5


def test_output_is_in_the_log_under_the_name_of_the_model(server, client, code):
    for model in ("a", "b"):
        client.deploy(model, code("""
            import logging, sys, threading
            print("loading", end="")
            signature = {"inputs": {"x": "str"}, "outputs": {"y": "int8"}}
            def say(text):
                print("thread", text)
                raise ValueError(text)
            def predict(inputs):
                text = inputs["x"].item().decode()
                print("prints\\x1b", text)
                sys.stderr.write("no end of " + text)
                logging.getLogger("some").warning("logs %s", text)
                thread = threading.Thread(target=say, args=(text,))
                thread.start()
                thread.join()
                return 1
            """, f"{model}.py"))
    for model in ("a", "b"):
        assert client.predict(model, {"x": f"ünicode {model}"}).outputs == 1
        for line in ("loading", f"prints  ünicode {model}", f"no end of ünicode {model}logs ünicode {model}", f"thread ünicode {model}",
                     f"ValueError: ünicode {model}"):
            assert f"{model}/v1: {line}" in server.log(), server.log()


# ---- Calls that end otherwise

CONTROL = """
    import asyncio, os, sys, threading, time
    signature = {"inputs": {"x": "str"}, "outputs": {"y": "int64"}}
    lock = threading.Lock()
    def nested():
        try:
            while True:
                pass
        finally:
            print("cleaned up")
    def catching():
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass
    def predict(inputs):
        text = inputs["x"].item().decode()
        if text.startswith("await "):
            return asyncio.run(wait(text[6:]))
        exec(text)
        return os.getpid()
    async def wait(text):
        await eval(text)
        return 1
    """


@pytest.mark.parametrize("statement", ["while True: pass", "nested()", "catching()", "await asyncio.sleep(0.7)",
                                       "while True: time.sleep(0.01)", "sum(i for i in range(10**12))"])
def test_a_call_that_hangs_ends_at_its_deadline(server, client, deploy, statement):
    deploy(CONTROL)
    assert predict(client, "pass") == server.process.pid
    for _ in range(3):
        begin = time.monotonic()
        answer = client.predict("m", {"x": statement}, timeout_ms=300)
        assert answer.status == 504, answer.body
        assert time.monotonic() - begin < 5
        assert predict(client, "pass") == server.process.pid


def test_an_async_model_that_waits_is_woken(client, deploy):
    deploy("""
        import asyncio
        class Model:
            signature = {"inputs": {"x": "float64"}, "outputs": {"y": "float64"}}
            async def predict(self, inputs):
                await asyncio.sleep(float(inputs["x"]))
                return inputs["x"]
        """)
    assert predict(client, 0) == 0
    begin = time.monotonic()
    assert client.predict("m", {"x": 1000}, timeout_ms=300).status == 504
    assert time.monotonic() - begin < 5
    assert predict(client, 0.01) == 0.01


def test_deadlines_strike_nobody_else(server, client, code):
    """Calls end all around their deadlines: what strikes too late must hit no other call."""
    client.deploy("m", code("""
        import time
        signature = {"inputs": {"x": "float64"}, "outputs": {"y": "float64"}}
        def predict(inputs):
            end = time.monotonic() + float(inputs["x"])
            while time.monotonic() < end:
                pass
            return inputs["x"] + 1
        """), config={"instances": 2})
    wrong = []

    def ask(seed):
        own, random = server.client(), np.random.default_rng(seed)
        for _ in range(60):
            wait = float(random.uniform(0, 0.03))
            answer = own.predict("m", {"x": wait}, timeout_ms=15)
            if not (answer.status in (504, 429, 503) or answer.status == 200 and answer.outputs == wait + 1):
                wrong.append(answer.body)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    for i in range(50):
        assert client.predict("m", {"x": 0.0}).outputs == 1


@pytest.mark.parametrize("statement", ["sys.exit(3)", "raise SystemExit('bye')", "exit()"])
def test_sys_exit_ends_a_call_and_not_the_server(client, deploy, statement):
    deploy(CONTROL)
    answer = client.predict("m", {"x": statement})
    assert answer.status == 500 and "SystemExit" in answer.error["message"], answer.body
    assert predict(client, "pass") > 0


def test_what_thread_isolation_has_not_is_refused(client, code, start):
    path = code("signature = {'inputs': {}, 'outputs': {'y': 'int8'}}\ndef predict(inputs):\n    return 1\n")
    for key, value in (("shm_mb", "64"), ("memory_mb", "100"), ("requirements", "true")):
        status, message = refusal(client, path, config={"options": {key: value}})
        assert status == 400 and f"'{key}'" in message and "no process of its own" in message
    status, message = refusal(client, path, config={"options": {"isolation": "fibre"}})
    assert status == 400 and "process, thread" in message, message


def test_one_interpreter_for_all(client, code, models):
    path = code("signature = {'inputs': {}, 'outputs': {'y': 'int8'}}\ndef predict(inputs):\n    return 1\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", models / "bare"], check=True)
    status, message = refusal(client, path, config={"options": {"python": "bare"}})
    assert status == 503 and "has no numpy" in message and "isolation" in message, message
    client.deploy("m", path)
    status, message = refusal(client, path, config={"options": {"python": "bare"}})
    assert status == 400 and sys.executable in message and "bare/bin/python3" in message, message
    assert client.predict("m", {}).outputs == 1


def test_an_environment_by_its_folder_is_the_one_of_its_interpreter(start_server, code, models):
    path = code("signature = {'inputs': {}, 'outputs': {'y': 'str'}}\nimport sys\ndef predict(inputs):\n    return sys.prefix\n")
    server = start_server("--allow-code", models, "--python", sys.prefix, "--python", sys.executable)
    client = server.client()
    for model, python in (("a", sys.prefix), ("b", sys.executable)):
        client.deploy(model, path, config={"options": {"isolation": "thread", "python": python}})
        assert client.predict(model, {}).outputs == sys.prefix


# ---- Memory

KEPT = """
    import numpy as np
    class Model:
        signature = {"inputs": {"x": ("float32", [-1])}, "outputs": {"y": ("float32", [-1])}}
        def __init__(self):
            self.result = np.zeros(4 << 20, np.float32)
            self.same = {"y": self.result}
        def predict(self, inputs):
            x = inputs["x"]
            if x[0] == 0:
                return np.full(4 << 20, x[1], np.float32)
            self.result[:] = x[1]
            return (self.result, self.same, self.result[:], [self.result][0].reshape(-1, 2).reshape(-1))[int(x[0]) - 1]
        def unload(self):
            self.result[:] = -1
    """


class SlowAnswer:
    """A large answer of which nothing was read yet but the head."""

    def __init__(self, server, x):
        body = np.array(x, np.float32).tobytes()
        self.connection = socket.create_connection(("127.0.0.1", server.port))
        self.connection.sendall(b"POST /predict/m HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
                                b"Accept: application/octet-stream\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        self.received = self.connection.recv(1000)
        assert self.received.startswith(b"HTTP/1.1 200"), self.received

    def array(self, size):
        while len(self.received) < size:
            piece = self.connection.recv(1 << 20)
            assert piece
            self.received += piece
        self.connection.close()
        return np.frombuffer(self.received.partition(b"\r\n\r\n")[2], np.float32)


@pytest.mark.parametrize("how", range(5))
def test_answers_outlive_the_call_the_next_and_the_model(server, client, deploy, how):
    deploy(KEPT)
    slow = [SlowAnswer(server, [how, value]) for value in (7, 8)]
    removal = threading.Thread(target=lambda: server.client().delete("/models/m"))
    removal.start()
    time.sleep(0.5)
    for answer, value in zip(slow, (7, 8)):
        array = answer.array(16 << 20)
        assert array.size == 4 << 20 and (array == value).all()
    removal.join()
    wait_for(lambda: client.get("/models/m").status == 404, "the model to be gone")


def test_inputs_that_are_kept_are_told_of_once(server, client, deploy):
    deploy("""
        signature = {"inputs": {"x": ("float32", [-1])}, "outputs": {"y": ("float32", [-1])}}
        kept = []
        def predict(inputs):
            x = inputs["x"]
            assert not x.flags.writeable and all((a[1] == i) for i, a in enumerate(kept[1:], 1))
            kept.append(x)
            return x
        """)
    for i in range(3):
        assert predict(client, [1.0, i]) == [1.0, i]
    assert server.log().count("keeps an input array after its call") == 1


def test_failures_and_tasks_keep_no_inputs(server, client, deploy):
    deploy("""
        import asyncio
        signature = {"inputs": {"x": ("float32", [-1])}, "outputs": {"y": ("float32", [-1])}}
        async def predict(inputs):
            x = inputs["x"]
            await asyncio.gather(*(asyncio.sleep(0) for _ in range(3)))
            if x[0] < 0:
                try:
                    raise ValueError("no")
                except ValueError as error:
                    raise KeyError(x[0]) from error
            return x + 1
        """)
    for i in range(5):
        assert predict(client, [1.0]) == [2.0]
        assert client.predict("m", {"x": [-1.0]}).status == 500
    assert "keeps an input array" not in server.log()


COUNTED = """
    import gc, sys, types
    import numpy as np
    import plinth
    import helpers
    signature = {"inputs": {"x": "int64"}, "outputs": {"version": "int64", "modules": "int64"}}
    large = np.ones(1 << 20)
    def predict(inputs):
        helpers.work()
        if inputs["x"] == 0:
            return %d, 0
        gc.collect()
        return %d, sum(isinstance(o, types.ModuleType) and o.__name__.startswith("plinth_model_") for o in gc.get_objects())
    """


def test_a_model_replaced_under_load_leaves_nothing(server, client, code):
    def reload(number):
        client.deploy("m", code(COUNTED % (number, number), f"m{number}.py"), version=f"v{number}")
        if number > 0:
            assert client.delete(f"/models/m/versions/v{number - 1}").status == 200

    code("def work():\n    return sum(range(100))\n", "helpers.py")
    reload(0)
    running, failed = True, []

    def ask():
        own = server.client()
        while running:
            answer = own.predict("m", {"x": 0})
            if answer.status != 200:
                failed.append(answer.body)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        resident = None
        for number in range(1, 51 if not SANITIZED else 11):
            reload(number)
            if number == 10:
                resident = server.resident_kb()
    finally:
        running = False
        for thread in threads:
            thread.join()
    assert not failed

    def modules():
        answer = client.predict("m", {"x": 1}).outputs
        return answer["version"] == number and answer["modules"] <= 4

    wait_for(modules, "the modules of former versions to be gone", 30)
    assert SANITIZED or server.resident_kb() < resident + 60_000, "eight megabytes of each would be 320"
