"""What the metrics say of the queue, the cache, instances and versions, with a backend that does what its file says."""

import subprocess
from contextlib import ExitStack

import pytest

from harness.backend import write
from harness.metrics import problems, scrape
from harness.raw import RawConnection, request
from harness.server import BINARY, wait_for

X = [[1.5, -2.0]]
V1 = {"model": "m", "version": "v1"}
LONG = 600_000  # milliseconds of work, which ends when the client is gone


@pytest.fixture
def server(backend_server):
    return backend_server


@pytest.fixture
def client(server):
    return server.client()


def ask(server, stack, count):
    """That many equal requests on connections that the stack closes."""
    for _ in range(count):
        stack.enter_context(RawConnection(server)).send(request("POST", "/predict/m", b'{"inputs": [[1, 2]]}'))


def wait_for_values(client, labels, **values):
    wait_for(lambda: all(scrape(client).value(metric, **labels) == value for metric, value in values.items()), f"{values}")


def test_in_flight_and_queue_length(server, client, models):
    client.deploy("m", write(models, delay_ms=LONG, concurrent=0))
    with ExitStack() as stack:
        ask(server, stack, 3)
        wait_for_values(client, V1, model_requests_in_flight=3, model_queue_length=2)
        assert scrape(client).value("model_requests_total", **V1) == 0
    wait_for_values(client, V1, model_requests_in_flight=0, model_queue_length=0, model_requests_total=3)
    assert scrape(client).value("model_errors_total", code="CANCELLED", **V1) == 3


def test_executions_are_timed_and_requests_that_never_ran_are_not(client, models):
    client.deploy("m", write(models, delay_ms=20))
    for _ in range(3):
        assert client.predict("m", X).status == 200
    assert client.predict("m", [["x"]]).status == 400
    got = scrape(client)
    assert got.value("model_requests_total", **V1) == 4
    assert got.value("model_queue_duration_seconds_count", **V1) == 3
    assert got.value("model_execution_duration_seconds_count", **V1) == 3
    assert got.value("model_execution_duration_seconds_sum", **V1) >= 3 * 0.020
    assert got.value("model_execution_duration_seconds_bucket", le="0.01", **V1) == 0
    assert got.value("model_request_duration_seconds_sum", **V1) >= (
        got.value("model_execution_duration_seconds_sum", **V1) + got.value("model_queue_duration_seconds_sum", **V1))


def test_the_cache_is_counted(client, models):
    client.deploy("m", write(models), config={"cache_size": 4})
    for _ in range(3):
        assert client.predict("m", X).status == 200
    got = scrape(client)
    counted = {metric: got.value(f"model_cache_{metric}_total", model="m") for metric in ("hits", "misses", "joins", "evictions")}
    assert counted == {"hits": 2, "misses": 1, "joins": 0, "evictions": 0}
    assert got.value("model_cache_entries", model="m") == 1
    held = got.value("model_cache_bytes", model="m")
    assert 0 < held <= got.value("plinth_cache_bytes") < got.value("plinth_cache_limit_bytes")
    assert got.value("model_requests_total", **V1) == 3, "hits are requests"
    assert got.value("model_execution_duration_seconds_count", **V1) == 1

    for i in range(20):
        assert client.predict("m", [[i, i]]).status == 200
    got = scrape(client)
    entries = got.value("model_cache_entries", model="m")
    assert 1 <= entries <= 4
    assert got.value("model_cache_misses_total", model="m") == 21
    assert got.value("model_cache_evictions_total", model="m") == 21 - entries

    client.delete("/models/m")
    assert scrape(client).value("plinth_cache_bytes") < held


def test_requests_that_wait_for_an_equal_one(server, client, models):
    client.deploy("m", write(models, delay_ms=LONG), config={"cache_size": 4})
    with ExitStack() as stack:
        ask(server, stack, 3)
        wait_for_values(client, {"model": "m"}, model_cache_misses_total=1, model_cache_joins_total=2)
        assert scrape(client).value("model_requests_in_flight", **V1) == 3
    wait_for_values(client, V1, model_requests_in_flight=0)


def test_states(client, models):
    client.deploy("m", write(models))
    (models / "broken.testmodel").write_text("fail_load on purpose\n")
    assert client.try_deploy("broken", "broken.testmodel").status == 422
    got = scrape(client)
    states = ("loading", "warming", "ready", "draining", "unloaded", "failed")
    for model, now in (("m", "ready"), ("broken", "failed")):
        shown = {state: got.value("model_version_state", model=model, version="v1", state=state) for state in states}
        assert shown == {state: float(state == now) for state in states}
    assert problems(got.text) == []


def test_a_version_that_is_removed_leaves_alone(client, models):
    for version in ("v1", "v2"):
        client.deploy("m", write(models), version=version)
        assert client.predict("m", X, version=version).status == 200
    assert client.delete("/models/m/version/v1").status == 200
    got = scrape(client)
    assert got.having(**V1) == []
    assert got.value("model_requests_total", model="m", version="v2") == 1
    assert got.value("model_batch_size_count", model="m") == 2, "the model's own goes on"


def test_a_replacement_counts_on(client, models):
    client.deploy("m", write(models))
    assert client.predict("m", X).status == 200
    client.deploy("m", "m.testmodel", replace=True)
    assert client.predict("m", X).status == 200
    got = scrape(client)
    assert got.value("model_requests_total", **V1) == 2
    assert got.value("model_requests_in_flight", **V1) == 0


def test_load_time_and_instances(client, models):
    client.deploy("m", write(models, load_ms=50), config={"instances": 3})
    got = scrape(client)
    assert got.value("model_load_duration_seconds", **V1) >= 0.05
    assert got.value("model_instances", **V1) == 3


def test_the_build_is_named(client):
    version = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    assert scrape(client).value("plinth_build_info", version=version) == 1
