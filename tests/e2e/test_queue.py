"""Deadlines, bounded queues and failing models, with a backend that does what its file says."""

import threading
import time

import pytest

from harness.backend import write
from harness.raw import RawConnection, request
from harness.server import wait_for

X = [[1.5, -2.0]]


def together(server, count, name="m"):
    """That many requests at once; their answers."""
    answers = [None] * count

    def ask(i):
        client = server.client()
        answers[i] = client.predict(name, X)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_deadline_in_the_queue(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models, delay_ms=500, concurrent=0), config={"timeout_ms": 300})
    answers = together(backend_server, 4)
    assert sorted(a.status for a in answers)[0] == 200
    late = [a for a in answers if a.status != 200]
    assert late and {a.status for a in late} == {504}
    assert {a.error["code"] for a in late} == {"DEADLINE_EXCEEDED"}
    assert all("timeout_ms" in a.error["message"] for a in late)


def test_full_queue(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models, delay_ms=700, concurrent=0), config={"max_queue": 1})
    answers = together(backend_server, 8)
    refused = [a for a in answers if a.status == 429]
    assert len(refused) >= 5 and {a.status for a in answers} <= {200, 429}
    for answer in refused:
        assert answer.error["code"] == "RESOURCE_EXHAUSTED" and int(answer.headers["retry-after"]) >= 0


def test_one_call_at_a_time_where_the_model_takes_no_more(backend_server, models):
    backend_server.client().deploy("m", write(models, delay_ms=5, concurrent=0))
    assert {a.status for a in together(backend_server, 16)} == {200}, "the backend fails if two calls meet"


def test_instances_run_at_once(backend_server, models):
    backend_server.client().deploy("m", write(models, delay_ms=1000), config={"instances": 4})
    start = time.monotonic()
    assert {a.status for a in together(backend_server, 4)} == {200}
    assert time.monotonic() - start < 3.9, "in turns it would take 4 s"


def test_failing_execution_fails_one_request(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models, fail_on=7))
    for _ in range(5):
        answer = client.predict("m", [[7, 1]])
        assert answer.status == 400 and "x[0]" in answer.error["message"]
        assert client.predict("m", X).outputs == [[3.0, -4.0]]


@pytest.mark.parametrize("kind", ["rank", "type", "size"])
def test_backend_that_answers_nonsense(backend_server, models, kind):
    client = backend_server.client()
    client.deploy("m", write(models, bad_output=kind))
    answer = client.predict("m", X)
    assert (answer.status, answer.error["code"]) == (500, "INTERNAL")
    backend_server.check()


def test_failing_load(backend_server, models):
    client = backend_server.client()
    answer = client.try_deploy("m", write(models, fail_load="the wheels came off"))
    assert (answer.status, answer.error["code"]) == (422, "INVALID_MODEL")
    assert "the wheels came off" in answer.error["message"]


def test_removal_waits_for_what_runs(backend_server, models):
    """The model is unloaded only when its last call is done: the backend aborts otherwise."""
    client = backend_server.client()
    client.deploy("m", write(models, delay_ms=700))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(backend_server.client().predict("m", X)))
    thread.start()
    time.sleep(0.2)
    client.delete("/models/m")
    assert client.predict("m", X).status == 404
    thread.join()
    assert answers[0].outputs == [[3.0, -4.0]]
    client.deploy("m", "m.testmodel")
    assert client.predict("m", X).outputs == [[3.0, -4.0]]


def test_slow_load_does_not_delay_requests(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models))
    (models / "slow.testmodel").write_text("load_ms 3000\n")
    thread = threading.Thread(target=lambda: backend_server.client().deploy("slow", "slow.testmodel"))
    thread.start()
    wait_for(lambda: client.get("/models/slow").status == 200, "the load to begin")
    answered = 0
    while client.get("/models/slow").json["versions"][0]["state"] == "loading":
        assert client.predict("m", X).status == 200
        answered += 1
    thread.join()
    assert answered > 10


def test_deploy_while_the_same_is_loading(backend_server, models):
    client = backend_server.client()
    (models / "slow.testmodel").write_text("load_ms 1500\n")
    thread = threading.Thread(target=lambda: backend_server.client().deploy("slow", "slow.testmodel"))
    thread.start()
    wait_for(lambda: client.get("/models/slow").status == 200, "the load to begin")
    assert client.try_deploy("slow", "slow.testmodel").status == 409
    unready = client.predict("slow", X)
    assert (unready.status, unready.error["code"]) == (503, "UNAVAILABLE")
    thread.join()
    assert client.predict("slow", X).status == 200


def test_clients_that_hang_up_are_not_executed(backend_server, models):
    """A hundred clients that leave while they wait cost the one that stays next to nothing."""
    client = backend_server.client()
    client.deploy("m", write(models, delay_ms=200, concurrent=0))
    for _ in range(100):
        with RawConnection(backend_server) as raw:
            raw.send(request("POST", "/predict/m", b'{"inputs": [[1, 2]]}'))
    start = time.monotonic()
    assert client.predict("m", X).status == 200
    assert time.monotonic() - start < 15, "executed one by one it would be 20 s"
