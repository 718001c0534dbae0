"""What is deployed survives the end of the process, whatever ends it."""

import os
import resource
import shutil
import subprocess
import time

import pytest

from harness.backend import write
from harness.digits import assert_recorded, inputs_for
from harness.server import BINARY, DIGITS, Server, wait_for

# Runs a server as one whom the modes of files bind, which root is not.
BOUND_BY_MODES = ("setpriv", "--bounding-set", "-dac_override") if os.geteuid() == 0 else ()


def end(server, how):
    if how == "SIGTERM":
        assert server.terminate() == 0
    else:
        server.kill()


def deployed(client):
    """All models as GET shows them, without what is measured."""
    found = {}
    for model in client.get("/models").json["models"]:
        description = client.get(f"/models/{model['name']}").json
        versions = description["versions"]
        found[model["name"]] = {
            "versions": {v["version"]: {key: v.get(key) for key in ("state", "path", "engine", "framework", "config", "error")} for v in versions},
            "traffic": client.get(f"/models/{model['name']}/traffic").json,
        }
    return found


def events(client, name, query=""):
    answer = client.get(f"/models/{name}/events{query}")
    assert answer.status == 200, answer.body
    return answer.json["events"]


@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_what_is_deployed_survives(start_keeping, models, how):
    server = start_keeping()
    client = server.client()
    one, two = write(models, "one", factor=2), write(models, "two", factor=3)
    client.deploy("a", one, config={"timeout_ms": 777, "instances": {"min": 1, "max": 2}, "priority": "high"})
    client.deploy("a", two, version="v2")
    client.deploy("a", one, version="v3")
    client.deploy("b", one)
    client.deploy("b", two, replace=True)
    client.deploy("gone", one)
    assert client.delete("/models/gone").status == 200
    assert client.delete("/models/a/version/v3").status == 200
    policy = {"versions": {"v1": {"traffic": 0.25}, "v2": {"traffic": 0.75}}, "labels": {"stable": "v1"}}
    assert client.send("PUT", "/models/a/traffic", policy).status == 200
    before = deployed(client)
    seen = events(client, "a")
    end(server, how)

    client = start_keeping().client()
    assert deployed(client) == before
    assert set(before) == {"a", "b"} and set(before["a"]["versions"]) == {"v1", "v2"}
    assert client.predict("b", [[1.0]]).outputs == [[3.0]]
    assert client.predict("a", [[1.0]], version="stable").outputs == [[2.0]]
    assert events(client, "a")[-len(seen):] == seen
    answers = [client.predict("a", [[1.0]]).json["version"] for _ in range(100)]
    assert abs(answers.count("v1") - 25) <= 1


def test_real_models_survive(start_keeping):
    files = {"cnn.onnx": "onnx", "pipeline.joblib": "sklearn"}
    server = start_keeping(roots=[DIGITS])
    client = server.client()
    for file, name in files.items():
        client.deploy(name, file)
    server.kill()
    client = start_keeping(roots=[DIGITS]).client()
    for file, name in files.items():
        assert_recorded(file, client.predict(name, inputs_for(file)).outputs)


def test_without_a_state_nothing_survives(start_keeping, models):
    server = start_keeping(state=None)
    client = server.client()
    client.deploy("m", write(models))
    assert [event["kind"] for event in events(client, "m")] == ["deployed"]
    end(server, "SIGTERM")
    assert start_keeping(state=None).client().get("/models").json == {"models": []}
    assert not (models / ".plinth").exists()


def test_what_failed_to_deploy_is_not_kept(start_keeping, models):
    server = start_keeping()
    client = server.client()
    client.deploy("m", write(models, "good"))
    assert client.try_deploy("m", write(models, "bad", fail_load="no"), replace=True).status == 422
    assert client.try_deploy("other", "bad.testmodel").status == 422
    assert client.try_deploy("none", "absent.testmodel").status == 404
    server.kill()
    client = start_keeping().client()
    assert [model["name"] for model in client.get("/models").json["models"]] == ["m"]
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


def test_a_version_that_fails_at_start_stays_and_comes_back(start_keeping, models):
    server = start_keeping()
    client = server.client()
    file = write(models, "m")
    client.deploy("m", file)
    client.deploy("fine", write(models, "fine"))
    server.kill()
    (models / file).unlink()
    server = start_keeping()
    client = server.client()
    version = client.get("/models/m/version/v1").json
    assert version["state"] == "failed" and version["error"], version
    assert client.predict("fine", [[1.0]]).outputs == [[2.0]]
    server.kill()
    write(models, "m")
    client = start_keeping().client()
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


def test_a_version_that_failed_at_start_can_be_removed_for_good(start_keeping, models):
    server = start_keeping()
    client = server.client()
    file = write(models, "m")
    client.deploy("m", file)
    server.kill()
    (models / file).unlink()
    server = start_keeping()
    assert server.client().delete("/models/m").status == 200
    server.kill()
    assert start_keeping().client().get("/models").json == {"models": []}


def test_a_server_answers_while_it_restores(start_keeping, models):
    server = start_keeping()
    server.client().deploy("slow", write(models, "slow"))
    server.kill()
    write(models, "slow", load_ms=2000)
    server = start_keeping(ready=False)
    client = server.client()
    assert client.get("/ready").status == 503
    version = client.get("/models/slow/version/v1").json
    assert version["state"] == "loading", version
    assert client.try_deploy("slow", "slow.testmodel").status == 409
    wait_for(lambda: client.get("/ready").status == 200, "the model to be restored")
    assert client.predict("slow", [[1.0]]).outputs == [[2.0]]


# ---- Beside a folder of models


def version_folder(models, model, version, **settings):
    folder = models / model / version
    folder.mkdir(parents=True)
    write(folder, "m", **settings)
    return folder


def test_the_folder_says_what_of_it_is_deployed_and_the_state_how_it_is_called(start_keeping, models):
    version_folder(models, "m", "v1")
    gone = version_folder(models, "m", "v2", factor=3)
    version_folder(models, "m", "v3", factor=4)
    server = start_keeping("--models", models)
    client = server.client()
    change = {"versions": {"v1": {"traffic": 0.5}, "v3": {"traffic": 0.5}}, "labels": {"stable": "v1"}}
    assert client.send("PUT", "/models/m/traffic", change).status == 200
    seen = events(client, "m")
    assert [event["kind"] for event in seen] == ["traffic"]
    server.kill()
    shutil.rmtree(gone)
    server = start_keeping("--models", models)
    client = server.client()
    assert [v["version"] for v in client.get("/models/m").json["versions"]] == ["v1", "v3"]
    policy = client.get("/models/m/traffic").json
    assert {key: policy[key] for key in change} == change
    assert client.predict("m", [[1.0]], version="stable").outputs == [[2.0]]
    assert events(client, "m") == seen
    server.kill()
    assert start_keeping().client().get("/models").json == {"models": []}


def test_a_folder_of_models_is_followed_beside_a_read_only_state(start_keeping, models, state):
    end(start_keeping(), "SIGTERM")
    state.chmod(0o400)
    client = start_keeping("--models", models, prefix=BOUND_BY_MODES).client()
    folder = version_folder(models, "m", "v1")
    wait_for(lambda: client.predict("m", [[1.0]]).status == 200, "the model that came")
    write(folder, "m", factor=5)
    wait_for(lambda: client.predict("m", [[1.0]]).outputs == [[5.0]], "the model that changed")
    shutil.rmtree(folder.parent)
    wait_for(lambda: client.get("/models/m").status == 404, "the model that went")


# ---- Events


def test_events_tell_what_happened_the_newest_first(start_keeping, models):
    client = start_keeping().client()
    file = write(models, "m")
    client.deploy("m", file)
    client.deploy("m", file, version="v2")
    assert client.delete("/models/m/version/v1").status == 200
    assert client.delete("/models/m").status == 200
    found = events(client, "m")
    assert [(event["kind"], event["version"]) for event in found] == [
        ("removed", "v2"), ("removed", "v1"), ("deployed", "v2"), ("deployed", "v1")]
    assert [event["id"] for event in found] == sorted((event["id"] for event in found), reverse=True)
    for event in found:
        time.strptime(event["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert events(client, "m", "?limit=2") == found[:2]
    assert events(client, "m", f"?limit=2&before={found[1]['id']}") == found[2:]
    assert events(client, "m", f"?before={found[-1]['id']}") == []


def test_a_failed_load_is_an_event(start_keeping, models):
    client = start_keeping().client()
    assert client.try_deploy("m", write(models, "bad", fail_load="broken on purpose")).status == 422
    (event,) = wait_for(lambda: events(client, "m"), "the event")
    assert event["kind"] == "load_failed" and "broken on purpose" in event["message"]


def test_events_that_are_not_there(start_keeping, models):
    client = start_keeping().client()
    assert client.get("/models/never/events").error["code"] == "NOT_FOUND"
    client.deploy("m", write(models))
    for query, words in {"limit=0": "limit must be", "limit=x": "limit must be", "before=0": "before must be",
                         "limits=3": "did you mean 'limit'"}.items():
        answer = client.get(f"/models/m/events?{query}")
        assert answer.status == 400 and words in answer.error["message"], (query, answer.body)
    assert client.get("/models/.m/events").status == 400
    assert client.post("/models/m/events", {}).status == 405


# ---- Where the state is


def test_the_default_place_is_beside_the_models(start_keeping, models):
    server = start_keeping(state=Server.DEFAULT_STATE)
    server.client().deploy("m", write(models))
    server.kill()
    file = models / ".plinth" / "state.db"
    assert file.is_file() and file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    client = start_keeping(state=Server.DEFAULT_STATE).client()
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


def test_a_default_place_that_cannot_be_made_is_done_without(start_keeping, models):
    file = write(models)
    models.chmod(0o555)
    server = start_keeping(state=Server.DEFAULT_STATE, prefix=BOUND_BY_MODES)
    assert "will be forgotten" in server.log() and "cannot be made" in server.log()
    server.client().deploy("m", file)
    models.chmod(0o755)


def test_two_servers_on_the_default_place(start_keeping, models):
    first = start_keeping(state=Server.DEFAULT_STATE)
    second = start_keeping(state=Server.DEFAULT_STATE)
    assert "in use by another process" in second.log() and "will be forgotten" in second.log()
    second.client().deploy("m", write(models))
    assert first.client().get("/models").json == {"models": []}


def refused_start(state, *arguments):
    """The log of a server that must refuse to start."""
    result = subprocess.run([BINARY, "serve", "--port", "0", *arguments, *(("--state", state) if state else ())],
                            capture_output=True, text=True, timeout=60)
    assert result.returncode == 1, (result.returncode, result.stderr)
    assert "listening" not in result.stderr
    return result.stderr


def test_two_servers_on_one_state(start_keeping, state):
    start_keeping()
    log = refused_start(state)
    assert str(state) in log and "in use by another process" in log


def test_a_state_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "cannot be made" in refused_start(tmp_path / "file" / "state.db")


@pytest.mark.parametrize("default", [True, False])
def test_a_corrupt_state_is_an_error(start_keeping, models, state, default):
    server = start_keeping(state=Server.DEFAULT_STATE if default else state)
    client = server.client()
    for i in range(20):
        client.deploy(f"m{i}", write(models))
    end(server, "SIGTERM")
    file = models / ".plinth" / "state.db" if default else state
    whole = file.read_bytes()
    for broken in (b"nonsense " * 1000, whole[: len(whole) // 2], whole[:4096] + bytes(len(whole) - 4096)):
        file.write_bytes(broken)
        log = refused_start(None if default else file, "--model-root", models)
        assert str(file) in log and "--no-state" in log, log
        assert file.read_bytes() == broken
    file.write_bytes(whole)
    client = start_keeping(state=Server.DEFAULT_STATE if default else state).client()
    assert len(client.get("/models").json["models"]) == 20


def test_state_and_no_state_exclude_each_other(state):
    result = subprocess.run([BINARY, "serve", "--state", state, "--no-state"], capture_output=True, text=True, timeout=60)
    assert result.returncode != 0 and "--no-state" in result.stderr


# ---- Disks and modes


def limit_file_size(server, size):
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_a_full_disk(start_keeping, models, state):
    server = start_keeping()
    client = server.client()
    file = write(models)
    client.deploy("first", file)
    limit_file_size(server, state.stat().st_size)
    kept = {"first"}
    for number in range(200):
        answer = client.try_deploy(f"m{number}", file)
        if answer.status != 201:
            break
        kept.add(f"m{number}")
    assert answer.status == 503 and "nothing was changed" in answer.error["message"], answer.body
    assert str(state) in answer.error["message"]
    for name in kept:
        assert client.predict(name, [[1.0]]).outputs == [[2.0]]
    assert client.predict(f"m{number}", [[1.0]]).status in (404, 503)
    limit_file_size(server, resource.RLIM_INFINITY)
    client.deploy(f"m{number}", file)
    kept.add(f"m{number}")
    assert client.delete("/models/first").status == 200
    kept.remove("first")
    server.kill()
    client = start_keeping().client()
    assert {model["name"] for model in client.get("/models").json["models"]} == kept


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_state(start_keeping, models, state, what):
    server = start_keeping()
    client = server.client()
    file = write(models)
    client.deploy("m", file)
    end(server, "SIGTERM")
    place, writable = (state, 0o600) if what == "file" else (state.parent, 0o700)
    place.chmod(0o500)
    server = start_keeping(prefix=BOUND_BY_MODES)
    assert "is read-only" in server.log()
    client = server.client()
    refusals = [
        client.try_deploy("other", file),
        client.try_deploy("m", file, replace=True),
        client.delete("/models/m"),
        client.send("PUT", "/models/m/traffic", {"versions": {"v1": {"traffic": 1}}}),
    ]
    for answer in refusals:
        assert answer.status == 409 and answer.error["code"] == "FAILED_PRECONDITION", answer.body
        assert "read-only, so what is deployed cannot be changed" in answer.error["message"]
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]
    assert client.post("/models/m/reload", {}).status == 200  # which changes nothing that is kept but the events
    assert [event["kind"] for event in events(client, "m")] == ["deployed"]
    end(server, "SIGTERM")
    place.chmod(writable)
    start_keeping().client().deploy("other", file)


def test_a_state_that_is_deleted_takes_no_more_changes(start_keeping, models, state):
    client = start_keeping().client()
    file = write(models)
    client.deploy("m", file)
    state.unlink()
    answer = client.try_deploy("other", file)
    assert answer.status == 409 and "moved or deleted" in answer.error["message"], answer.body
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


# ---- Time


def test_fifty_deployments_are_back_soon(start_keeping, models):
    """No bound on the time: it is printed to be looked at."""
    server = start_keeping(roots=[DIGITS])
    client = server.client()
    for number in range(50):
        client.deploy(f"m{number}", "pipeline.joblib")
    server.kill()
    begin = time.monotonic()
    client = start_keeping(roots=[DIGITS]).client()
    print(f"50 deployments restored {1e3 * (time.monotonic() - begin):.0f} ms after exec")
    assert len(client.get("/models").json["models"]) == 50
