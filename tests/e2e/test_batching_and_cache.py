"""Joining, splitting, priorities and the answer cache as a client sees them: answers are those that each request would get alone."""

import random
import threading

import pytest

from harness.backend import TEST_BACKEND, write
from harness.server import wait_for


@pytest.fixture
def server(backend_server):
    return backend_server


@pytest.fixture
def deploy(server, models):
    """Deploys a test model of y = 2 * x with these settings."""

    def deploy(config=None, **settings):
        server.client().deploy("m", write(models, **settings), config=config or {}, replace=True)

    return deploy


def ask_at_once(server, bodies):
    """Each body by a client of its own, all at the same time; the answers in the order of the bodies."""
    answers = [None] * len(bodies)
    barrier = threading.Barrier(len(bodies))

    def ask(i):
        client = server.client()
        barrier.wait()
        answers[i] = client.post("/predict/m", bodies[i])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def doubled(rows):
    return [[2 * value for value in row] for row in rows]


def executions(server):
    samples = server.client().get("/metrics").body.decode()
    return int(float(samples.split('model_batch_size_count{model="m"} ')[1].split()[0]))


def test_requests_of_many_shapes_get_their_own_rows(server, deploy):
    deploy(config={"batch_size": 8, "instances": 1}, delay_ms=5)
    rng = random.Random(1)
    bodies = []
    for _ in range(40):
        columns = rng.choice([1, 3])
        bodies.append({"inputs": [[rng.randint(0, 999) for _ in range(columns)] for _ in range(rng.randint(1, 12))]})
    for body, answer in zip(bodies, ask_at_once(server, bodies)):
        assert answer.outputs == doubled(body["inputs"])
    assert executions(server) < sum(-(-len(body["inputs"]) // 8) for body in bodies), "nothing was joined"


def test_more_rows_than_a_batch(server, deploy):
    deploy(config={"batch_size": 16})
    rows = [[i, -i] for i in range(1000)]
    assert server.client().predict("m", rows).outputs == doubled(rows)
    assert executions(server) == 63


def test_a_failing_neighbour_fails_alone(server, deploy):
    deploy(config={"instances": 1}, delay_ms=20, fail_on=7)
    answers = ask_at_once(server, [{"inputs": [[value, 0]]} for value in range(12)])
    for value, answer in enumerate(answers):
        if value == 7:
            assert answer.status == 400 and "must not be 7" in answer.error["message"]
        else:
            assert answer.outputs == doubled([[value, 0]])


def test_a_single_client_is_never_held_for_rows_that_cannot_come(server, deploy):
    deploy(config={"batch_timeout_ms": 60000, "timeout_ms": 30000, "instances": 1}, delay_ms=1)
    client = server.client()
    for value in range(20):
        assert client.predict("m", [[value]]).outputs == doubled([[value]])


def test_high_priority_overtakes(server, deploy):
    deploy(config={"batch_size": 1, "instances": 1, "priority": "low"}, delay_ms=30)
    finished = []

    def ask(name, **keys):
        assert server.client().post("/predict/m", {"inputs": [[1]], **keys}).status == 200
        finished.append(name)

    threads = [threading.Thread(target=ask, args=("low",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    wait_for(lambda: 'model_queue_length{model="m",version="v1"} 5' in server.client().get("/metrics").body.decode(), 10)
    urgent = threading.Thread(target=ask, args=("high",), kwargs={"priority": "high"})
    urgent.start()
    for thread in [*threads, urgent]:
        thread.join()
    assert finished.index("high") <= 3, finished


def test_an_answer_from_the_cache_says_so(server, deploy):
    deploy(config={"cache_size": 10})
    client = server.client()
    first, second = client.predict("m", [[1, 2]]), client.predict("m", [[1, 2]])
    assert "cached" not in first.json and second.json["cached"] is True
    assert first.outputs == second.outputs == doubled([[1, 2]])
    assert "cached" not in client.predict("m", [[1, 3]]).json
    assert executions(server) == 2
    passed_by = client.send("POST", "/predict/m", {"inputs": [[1, 2]]}, {"Cache-Control": "no-cache"})
    assert "cached" not in passed_by.json and executions(server) == 3


def test_other_forms_of_the_same_request_are_equal(server, deploy):
    deploy(config={"cache_size": 10})
    client = server.client()
    client.predict("m", [[1, 2]])
    assert client.predict("m", {"x": [[1.0, 2e0]]}).json["cached"] is True
    assert client.predict("m", [[1, 2]], version="v1").json["cached"] is True
    assert "cached" not in client.predict("m", [[1], [2]]).json  # the same elements in another shape


def test_cached_answers_age(server, deploy):
    deploy(config={"cache_size": 10, "cache_ttl_ms": 200})
    client = server.client()
    client.predict("m", [[1]])
    wait_for(lambda: "cached" not in client.predict("m", [[1]]).json, 10)


def test_a_replaced_version_answers_for_itself(server, deploy):
    deploy(config={"cache_size": 10})
    client = server.client()
    client.predict("m", [[1]])
    deploy(config={"cache_size": 10})
    assert "cached" not in client.predict("m", [[1]]).json


def test_equal_requests_in_flight_run_once(server, deploy):
    deploy(config={"cache_size": 10}, delay_ms=300)
    answers = ask_at_once(server, [{"inputs": [[5]]}] * 8)
    assert all(answer.outputs == doubled([[5]]) for answer in answers)
    assert sorted(answer.json.get("cached", False) for answer in answers) == [False] + [True] * 7
    assert executions(server) == 1


def test_a_cache_never_exceeds_the_memory_it_was_given(start_server, models):
    server = start_server("--backend-dir", TEST_BACKEND, "--cache-memory", "1", roots=[models])
    client = server.client()
    client.deploy("m", write(models), config={"cache_size": 100000})
    for i in range(300):
        client.predict("m", [[i] * 1000])
    samples = client.get("/metrics").body.decode()
    value = {line.split()[0]: float(line.split()[1]) for line in samples.splitlines() if line.startswith("plinth_cache")}
    assert 0 < value["plinth_cache_bytes"] <= value["plinth_cache_limit_bytes"] == 1 << 20
