"""Python models that call other models of the server."""

import threading
import time

import numpy as np
import pytest

from harness.python_models import client, code, deploy, predict, server, start, workers  # noqa: F401
from harness.server import SANITIZED


@pytest.fixture(params=["process", "thread"])
def isolation(request):
    return request.param


ADD = """
    import time
    signature = {"inputs": {"x": ("float32", None), "wait": ("float32", [])}, "outputs": {"y": ("float32", None), "name": "str"}}
    def predict(inputs):
        time.sleep(float(inputs["wait"]))
        return {"y": inputs["x"] + 1, "name": "add"}
    """

CALLER = """
    import asyncio, time
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    import plinth

    signature = {"inputs": {"x": ("float32", None), "wait": ("float32", [])}, "outputs": {"y": ("float32", None)}}
    add = plinth.models.get("add")

    def chain(inputs):
        x = inputs["x"]
        for _ in range(3):
            x = add.predict({"x": x, "wait": inputs["wait"]})["y"]
            assert not x.flags.writeable
        return x

    async def at_once(inputs):
        answers = await asyncio.gather(*(add.predict_async({"x": inputs["x"] * i, "wait": inputs["wait"]}, ["y"]) for i in range(4)))
        assert all(set(answer) == {"y"} for answer in answers)
        return sum(answer["y"] for answer in answers)

    def threads(inputs):
        with ThreadPoolExecutor(4) as pool:
            ask = lambda i: add.predict({"x": inputs["x"] * i, "wait": inputs["wait"]})["y"]
            return sum(pool.map(ask, range(4)))

    def forgetful(inputs):
        add._ask({"x": inputs["x"], "wait": np.float32(0.3)}, (), None, "")
        return inputs["x"]

    def missing(inputs):
        try:
            plinth.models.get("nobody").predict(inputs)
        except plinth.CallFailed as error:
            assert error.code == "NOT_FOUND", error.code
            return np.float32(len(error.message))

    def wrong(inputs):
        return add.predict({"z": 1.0})

    def itself(inputs):
        return plinth.models.get("itself").predict(inputs)["y"]

    def version(inputs):
        return plinth.models.get("add", "v7").predict(inputs)["y"]

    for function in (chain, at_once, threads, forgetful, missing, wrong, itself, version):
        function.signature = signature
    """


@pytest.fixture
def callers(client, code):  # noqa: F811
    client.deploy("add", code(ADD, "add.py"), config={"instances": 2})
    path = code(CALLER, "caller.py")

    def ask(function, x, wait=0.0, **keys):
        if not any(model["name"] == function for model in client.get("/models").json["models"]):
            client.deploy(function, path, config={"options": {"function": function}})
        return client.predict(function, {"x": x, "wait": wait}, **keys)

    return ask


@pytest.mark.parametrize("size", [3, 50_000])
def test_calls_give_what_the_models_answer(callers, size):
    x = np.arange(size, dtype=np.float32)
    for function, expected in (("chain", x + 3), ("at_once", x * 6 + 4), ("threads", x * 6 + 4)):
        for _ in range(3):
            assert np.array_equal(np.array(callers(function, x.tolist()).outputs, np.float32), expected), function


@pytest.mark.parametrize("function", ["at_once", "threads"])
def test_calls_run_at_once(callers, function):
    callers(function, 1.0)
    begin = time.monotonic()
    assert callers(function, 1.0, wait=0.4).outputs == 10
    assert time.monotonic() - begin < 1.4, "four calls of two instances take two turns"


def test_calls_that_fail(callers):
    assert callers("missing", 1.0).outputs > 5
    for function, words in (("wrong", ["CallFailed", "caller.py, line", "'x'"]), ("itself", ["FAILED_PRECONDITION"]), ("version", ["v7"])):
        answer = callers(function, 1.0)
        assert answer.status == 500
        for word in words:
            assert word in answer.error["message"], answer.error


def test_the_deadline_holds_for_what_is_called(server, callers):  # noqa: F811
    callers("chain", 1.0)
    before = sorted(workers(server))
    begin = time.monotonic()
    assert callers("chain", 1.0, wait=20.0, timeout_ms=400).status == 504
    assert time.monotonic() - begin < 3
    assert callers("chain", 1.0).outputs == 4 and sorted(workers(server)) == before


def test_answers_that_nobody_waits_for(server, callers):  # noqa: F811
    for i in range(5):
        assert callers("forgetful", float(i)).outputs == i
    assert callers("chain", 1.0).outputs == 4
    time.sleep(0.5)
    assert callers("forgetful", 7.0).outputs == 7


def test_many_calls_in_one_request_and_many_requests(server, callers):  # noqa: F811
    x = np.ones(20_000, np.float32)
    callers("chain", x.tolist())
    resident = server.resident_kb()

    def ask():
        own = server.client()
        for _ in range(20):
            assert own.predict("chain", {"x": x.tolist(), "wait": 0.0}).outputs[0] == 4

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SANITIZED or server.resident_kb() < resident + 100_000  # sanitizers keep what is freed


def test_load_cannot_call(client, code):  # noqa: F811
    answer = client.try_deploy("m", code("""
        import plinth
        signature = {"inputs": {}, "outputs": {"y": "int8"}}
        def load():
            plinth.models.get("add").predict({})
        def predict(inputs):
            return 1
        """))
    assert answer.status == 422 and "only while predict runs" in answer.error["message"]
