"""Loading a model's files again while it serves."""

import signal
import threading

import pytest

from harness.backend import write
from harness.server import SANITIZED, wait_for


def test_reload_takes_the_files_as_they_are_now(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models))
    client.deploy("m", write(models, "n"), version="v2")
    write(models, factor=3)
    assert client.predict("m", [[1]], version="v1").outputs == [[2]], "nothing happens by itself"
    answer = client.post("/models/m/reload", {"version": "v1"})
    assert answer.status == 200, answer.body
    assert [v["version"] for v in answer.json["reloaded"]] == ["v1"]
    assert client.predict("m", [[1]], version="v1").outputs == [[3]]
    write(models, "n", factor=4)
    both = client.send("POST", "/models/m/reload")
    assert [v["version"] for v in both.json["reloaded"]] == ["v1", "v2"]
    assert client.predict("m", [[1]]).outputs == [[4]]


def test_what_does_not_load_stays_and_says_why(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models))
    write(models, fail_load="the weights are gone")
    answer = client.send("POST", "/models/m/reload")
    assert answer.status == 422 and "the weights are gone" in answer.error["message"]
    assert client.predict("m", [[1]]).outputs == [[2]]
    (version,) = client.get("/models/m").json["versions"]
    assert version["state"] == "ready"
    assert "the weights are gone" in version["failed_reload"]["error"] and version["failed_reload"]["time"].endswith("Z")
    write(models)
    assert client.send("POST", "/models/m/reload").status == 200
    assert "failed_reload" not in client.get("/models/m").json["versions"][0]


def test_what_fails_a_request_that_was_answered_stays_out(backend_server, models):
    client = backend_server.client()
    client.deploy("m", write(models))
    write(models, fail_on=7)
    assert client.send("POST", "/models/m/reload").status == 200, "no request was answered yet"
    write(models)
    assert client.send("POST", "/models/m/reload").status == 200
    assert client.predict("m", [[7]]).outputs == [[14]]
    write(models, fail_on=7)
    answer = client.send("POST", "/models/m/reload")
    assert answer.status == 422 and "x[0] must not be 7" in answer.error["message"]
    assert client.predict("m", [[7]]).outputs == [[14]]


@pytest.mark.parametrize(("path", "body", "status"), [
    ("/models/none/reload", None, 404),
    ("/models/m/reload", {"version": "v9"}, 404),
    ("/models/m/reload", {"versoin": "v1"}, 400),
    ("/models/m/reload", {"version": "../x"}, 400),
    ("/models/m/reload", "nonsense", 400),
])
def test_wrong_reloads_are_refused(backend_server, models, path, body, status):
    client = backend_server.client()
    client.deploy("m", write(models))
    answer = client.send("POST", path, body)
    assert answer.status == status and answer.error["message"]
    assert client.predict("m", [[1]]).outputs == [[2]]


def test_sighup_reloads_what_has_changed(backend_server, models):
    client = backend_server.client()
    client.deploy("same", write(models, "same"))
    client.deploy("other", write(models, "other"))
    write(models, "other", factor=3)
    backend_server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: client.predict("other", [[1]]).outputs == [[3]], "the changed model's reload")
    assert client.predict("same", [[1]]).outputs == [[2]]
    assert backend_server.log().count("model 'same' v1 is ready") == 1


def test_reloads_under_load_fail_nothing(backend_server, models):
    """32 clients ask all the while; every answer is one of the old or of the new files, in this order for each client."""
    client = backend_server.client()
    client.deploy("m", write(models, factor=1))
    reloads = 20 if SANITIZED else 100
    stop = threading.Event()
    factor = [1]  # of the newest files that a reload may have begun to read
    counts, failures = [], []

    def ask(number):
        mine = backend_server.client()
        last = 1
        asked = 0
        while not stop.is_set():
            x = number * 1000 + asked % 1000 + 1
            answer = mine.predict("m", [[x]])
            asked += 1
            if answer.status != 200:
                failures.append(answer.body)
                break
            times = answer.json["outputs"][0][0] / x
            if times != int(times) or not last <= times <= factor[0]:
                failures.append((answer.body, x, last, factor[0]))
                break
            last = times
        counts.append(asked)
        mine.close()

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(32)]
    for thread in threads:
        thread.start()
    for n in range(2, reloads + 2):
        factor[0] = n
        write(models, factor=n, load_ms=5)
        assert client.send("POST", "/models/m/reload").status == 200
        assert client.predict("m", [[1]]).outputs == [[n]], "what is asked after a reload is answered by the new one"
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]
    assert len(counts) == 32 and sum(counts) > 32 * (reloads // 20)


def test_concurrent_changes_of_one_name_agree(backend_server, models):
    """16 clients deploy, reload and remove one name. In the end it is there or not as one order of the acknowledged changes has it:
    what is listed answers, and the next deploy is taken or refused accordingly."""
    write(models)
    rounds = 5 if SANITIZED else 30
    failures = []

    def change(number):
        mine = backend_server.client()
        for i in range(rounds):
            kind = (number + i) % 4
            if kind == 0:
                answer, allowed = mine.try_deploy("m", "m.testmodel"), (201, 409)
            elif kind == 1:
                answer, allowed = mine.try_deploy("m", "m.testmodel", replace=True), (201, 409)
            elif kind == 2:
                answer, allowed = mine.delete("/models/m"), (200, 404)
            else:
                answer, allowed = mine.send("POST", "/models/m/reload"), (200, 404, 409)
            if answer.status not in allowed:
                failures.append((kind, answer.status, answer.body))
        mine.close()

    threads = [threading.Thread(target=change, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:5]
    client = backend_server.client()
    listed = client.get("/models").json["models"]
    if listed:
        assert [v["state"] for v in listed[0]["versions"]] == ["ready"]
        assert client.predict("m", [[1]]).outputs == [[2]]
        assert client.try_deploy("m", "m.testmodel").status == 409
        assert client.delete("/models/m").status == 200
    assert client.get("/models").json["models"] == []
    assert client.predict("m", [[1]]).status == 404
    client.deploy("m", "m.testmodel")
    wait_for(lambda: client.predict("m", [[1]]).status == 200, "the model deployed again")
