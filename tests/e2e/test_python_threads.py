"""Python models in the server's own process (isolation "thread"): what they share, what they do not, and how calls end."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from harness.python_models import client, code, deploy, predict, refusal, server, start, workers  # noqa: F401


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


def test_an_async_model_that_waits_is_woken(server, client, deploy):
    deploy("""
        import asyncio
        class Model:
            signature = {"inputs": {"x": "float64"}, "outputs": {"y": "float64"}}
            async def predict(self, inputs):
                await asyncio.sleep(float(inputs["x"]))
                return inputs["x"]
        """)
    assert predict(client, 0) == 0
    for _ in range(3):
        begin = time.monotonic()
        askers = [threading.Thread(target=lambda: server.client().predict("m", {"x": 0.1})) for _ in range(3)]  # on other threads of the server's
        for asker in askers:
            asker.start()
        assert client.predict("m", {"x": 1000}, timeout_ms=600).status == 504
        assert time.monotonic() - begin < 5
        assert predict(client, 0.01) == 0.01
        for asker in askers:
            asker.join()
    assert "Traceback" not in server.log()


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
