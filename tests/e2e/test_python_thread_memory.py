"""The memory of Python models in the server's own process: what they give and keep, and what is left of them."""

import socket
import threading
import time

import numpy as np
import pytest

from harness.python_models import client, code, deploy, predict, server, start  # noqa: F401
from harness.server import SANITIZED, wait_for


@pytest.fixture
def isolation():
    return "thread"


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
