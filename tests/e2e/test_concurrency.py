"""Many clients at once: no wrong answer, no failed request that should not fail."""

import random
import threading

import pytest

from harness.digits import MODELS, assert_recorded, inputs_for
from harness.server import DIGITS, SANITIZED

TURNS = 10 if SANITIZED else 40
SERVED = ("pipeline.joblib", "forest.joblib", "cnn.onnx", "keras_savedmodel", "cnn.pt")


@pytest.fixture
def busy(start_server):
    """A server of its own, with every framework deployed."""
    server = start_server(roots=[DIGITS])
    client = server.client()
    for file in SERVED:
        client.deploy(file, file)
    return server


class Crew:
    """Threads whose failures fail the test."""

    def __init__(self):
        self._threads, self._failures = [], []

    def start(self, work, *arguments):
        def run():
            try:
                work(*arguments)
            except BaseException as failure:  # noqa: BLE001: handed to the test's thread
                self._failures.append(failure)

        thread = threading.Thread(target=run)
        thread.start()
        self._threads.append(thread)

    def join(self):
        for thread in self._threads:
            thread.join()
        if self._failures:
            raise self._failures[0]


def predict_some(server, seed, turns):
    """Random models, random slices; every answer is checked."""
    chance = random.Random(seed)
    client = server.client()
    for _ in range(turns):
        file = chance.choice(SERVED)
        start = chance.randrange(64)
        images = slice(start, start + chance.choice((1, 1, 1, 5, 64)))
        assert_recorded(file, client.predict(file, inputs_for(file, images)).outputs, images)


def deploy_and_remove(server, seed, turns):
    """The whole life of models of its own, again and again."""
    chance = random.Random(seed)
    client = server.client()
    for turn in range(turns // 4):
        file = chance.choice(sorted(MODELS))
        name = f"life-{seed}"
        client.deploy(name, file, version=f"v{turn}")
        assert_recorded(file, client.predict(name, inputs_for(file)).outputs)
        assert client.delete(f"/models/{name}").status in (200, 204)
        assert client.predict(name, inputs_for(file)).status == 404


def test_mixed_load_of_32_clients(busy):
    crew = Crew()
    for seed in range(26):
        crew.start(predict_some, busy, seed, TURNS)
    for seed in range(100, 106):
        crew.start(deploy_and_remove, busy, seed, TURNS)
    crew.join()
    busy.check()
    assert {m["name"] for m in busy.client().get("/models").json["models"]} == set(SERVED)


def test_replace_under_load_without_a_failed_request(busy):
    """Two models swap places under one name: each answer is wholly the one's or the other's, and none is an error."""
    files = ("pipeline.joblib", "forest.joblib")
    inputs = inputs_for("pipeline.joblib")
    done = threading.Event()
    busy.client().deploy("swap", files[0])

    def ask():
        client = busy.client()
        while not done.is_set():
            outputs = client.predict("swap", inputs).outputs
            try:
                assert_recorded(files[0], outputs)
            except AssertionError:
                assert_recorded(files[1], outputs)

    crew = Crew()
    for _ in range(8):
        crew.start(ask)
    try:
        client = busy.client()
        for turn in range(TURNS):
            client.deploy("swap", files[(turn + 1) % 2], replace=True)
    finally:
        done.set()
        crew.join()


def test_versions_come_and_go_under_load(busy):
    """While v1 stays, requests without a version never fail, whatever newer versions do."""
    busy.client().deploy("flow", "pipeline.joblib", version="v1")
    inputs = inputs_for("pipeline.joblib", slice(0, 4))
    done = threading.Event()

    def ask():
        client = busy.client()
        while not done.is_set():
            assert_recorded("pipeline.joblib", client.predict("flow", inputs).outputs, slice(0, 4))

    crew = Crew()
    for _ in range(8):
        crew.start(ask)
    try:
        client = busy.client()
        for turn in range(TURNS):
            client.deploy("flow", "pipeline.pkl", version=f"v{turn + 2}")
            assert client.delete(f"/models/flow/version/v{turn + 2}").status in (200, 204)
    finally:
        done.set()
        crew.join()


def test_same_name_deployed_by_many_at_once(busy):
    """One wins; the others are told that the name is taken."""
    statuses = []

    def deploy():
        statuses.append(busy.client().try_deploy("race", "forest.pkl").status)

    crew = Crew()
    for _ in range(8):
        crew.start(deploy)
    crew.join()
    assert sorted(statuses) == [201] + [409] * 7


def test_metrics_count_every_request(busy):
    crew = Crew()

    def ask():
        client = busy.client()
        for _ in range(TURNS):
            assert client.predict("pipeline.joblib", inputs_for("pipeline.joblib", slice(0, 1))).status == 200

    for _ in range(16):
        crew.start(ask)
    crew.join()
    line = 'model_requests_total{model="pipeline.joblib",version="v1"} '
    metrics = busy.client().get("/metrics").body.decode()
    assert int(float(metrics.split(line)[1].split("\n")[0])) == 16 * TURNS
