"""What is deployed survives the end of the process, whatever ends it."""

import http.client
import itertools
import os
import random
import resource
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.backend import TEST_BACKEND, write
from harness.digits import assert_recorded, inputs_for
from harness.server import BINARY, DIGITS, SANITIZED, Server, wait_for

# Runs a server as one whom the modes of files bind, which root is not.
BOUND_BY_MODES = ("setpriv", "--bounding-set", "-dac_override") if os.geteuid() == 0 else ()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state" / "state.db"


@pytest.fixture
def start(start_server, models, state):
    """Starts a server on the test's state and models, ready unless told otherwise."""

    def start(*arguments, ready=True, **keys):
        server = start_server("--backend-dir", TEST_BACKEND, *arguments, **{"roots": [models], "state": state, **keys})
        if ready:
            client = server.client()
            wait_for(lambda: client.get("/ready").status == 200, "the server to be ready")
        return server

    return start


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
def test_what_is_deployed_survives(start, models, how):
    server = start()
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

    client = start().client()
    assert deployed(client) == before
    assert set(before) == {"a", "b"} and set(before["a"]["versions"]) == {"v1", "v2"}
    assert client.predict("b", [[1.0]]).outputs == [[3.0]]
    assert client.predict("a", [[1.0]], version="stable").outputs == [[2.0]]
    assert events(client, "a")[-len(seen):] == seen
    answers = [client.predict("a", [[1.0]]).json["version"] for _ in range(100)]
    assert abs(answers.count("v1") - 25) <= 1


def test_real_models_survive(start):
    files = {"cnn.onnx": "onnx", "pipeline.joblib": "sklearn"}
    server = start(roots=[DIGITS])
    client = server.client()
    for file, name in files.items():
        client.deploy(name, file)
    server.kill()
    client = start(roots=[DIGITS]).client()
    for file, name in files.items():
        assert_recorded(file, client.predict(name, inputs_for(file)).outputs)


def test_without_a_state_nothing_survives(start, models):
    server = start(state=None)
    client = server.client()
    client.deploy("m", write(models))
    assert [event["kind"] for event in events(client, "m")] == ["deployed"]
    end(server, "SIGTERM")
    assert start(state=None).client().get("/models").json == {"models": []}
    assert not (models / ".plinth").exists()


def test_what_failed_to_deploy_is_not_kept(start, models):
    server = start()
    client = server.client()
    client.deploy("m", write(models, "good"))
    assert client.try_deploy("m", write(models, "bad", fail_load="no"), replace=True).status == 422
    assert client.try_deploy("other", "bad.testmodel").status == 422
    assert client.try_deploy("none", "absent.testmodel").status == 404
    server.kill()
    client = start().client()
    assert [model["name"] for model in client.get("/models").json["models"]] == ["m"]
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


def test_a_version_that_fails_at_start_stays_and_comes_back(start, models):
    server = start()
    client = server.client()
    file = write(models, "m")
    client.deploy("m", file)
    client.deploy("fine", write(models, "fine"))
    server.kill()
    (models / file).unlink()
    server = start()
    client = server.client()
    version = client.get("/models/m/version/v1").json
    assert version["state"] == "failed" and version["error"], version
    assert client.predict("fine", [[1.0]]).outputs == [[2.0]]
    server.kill()
    write(models, "m")
    client = start().client()
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


def test_a_version_that_failed_at_start_can_be_removed_for_good(start, models):
    server = start()
    client = server.client()
    file = write(models, "m")
    client.deploy("m", file)
    server.kill()
    (models / file).unlink()
    server = start()
    assert server.client().delete("/models/m").status == 200
    server.kill()
    assert start().client().get("/models").json == {"models": []}


def test_a_server_answers_while_it_restores(start, models):
    server = start()
    server.client().deploy("slow", write(models, "slow"))
    server.kill()
    write(models, "slow", load_ms=2000)
    server = start(ready=False)
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


def test_the_folder_says_what_of_it_is_deployed_and_the_state_how_it_is_called(start, models):
    version_folder(models, "m", "v1")
    gone = version_folder(models, "m", "v2", factor=3)
    version_folder(models, "m", "v3", factor=4)
    server = start("--models", models)
    client = server.client()
    change = {"versions": {"v1": {"traffic": 0.5}, "v3": {"traffic": 0.5}}, "labels": {"stable": "v1"}}
    assert client.send("PUT", "/models/m/traffic", change).status == 200
    seen = events(client, "m")
    assert [event["kind"] for event in seen] == ["traffic"]
    server.kill()
    shutil.rmtree(gone)
    server = start("--models", models)
    client = server.client()
    assert [v["version"] for v in client.get("/models/m").json["versions"]] == ["v1", "v3"]
    policy = client.get("/models/m/traffic").json
    assert {key: policy[key] for key in change} == change
    assert client.predict("m", [[1.0]], version="stable").outputs == [[2.0]]
    assert events(client, "m") == seen
    server.kill()
    assert start().client().get("/models").json == {"models": []}


def test_a_folder_of_models_is_followed_beside_a_read_only_state(start, models, state):
    end(start(), "SIGTERM")
    state.chmod(0o400)
    client = start("--models", models, prefix=BOUND_BY_MODES).client()
    folder = version_folder(models, "m", "v1")
    wait_for(lambda: client.predict("m", [[1.0]]).status == 200, "the model that came")
    write(folder, "m", factor=5)
    wait_for(lambda: client.predict("m", [[1.0]]).outputs == [[5.0]], "the model that changed")
    shutil.rmtree(folder.parent)
    wait_for(lambda: client.get("/models/m").status == 404, "the model that went")


# ---- Events


def test_events_tell_what_happened_the_newest_first(start, models):
    client = start().client()
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


def test_a_failed_load_is_an_event(start, models):
    client = start().client()
    assert client.try_deploy("m", write(models, "bad", fail_load="broken on purpose")).status == 422
    (event,) = wait_for(lambda: events(client, "m"), "the event")
    assert event["kind"] == "load_failed" and "broken on purpose" in event["message"]


def test_events_that_are_not_there(start, models):
    client = start().client()
    assert client.get("/models/never/events").error["code"] == "NOT_FOUND"
    client.deploy("m", write(models))
    for query, words in {"limit=0": "limit must be", "limit=x": "limit must be", "before=0": "before must be",
                         "limits=3": "did you mean 'limit'"}.items():
        answer = client.get(f"/models/m/events?{query}")
        assert answer.status == 400 and words in answer.error["message"], (query, answer.body)
    assert client.get("/models/.m/events").status == 400
    assert client.post("/models/m/events", {}).status == 405


# ---- Where the state is


def test_the_default_place_is_beside_the_models(start, models):
    server = start(state=Server.DEFAULT_STATE)
    server.client().deploy("m", write(models))
    server.kill()
    file = models / ".plinth" / "state.db"
    assert file.is_file() and file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    client = start(state=Server.DEFAULT_STATE).client()
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


def test_a_default_place_that_cannot_be_made_is_done_without(start, models):
    file = write(models)
    models.chmod(0o555)
    server = start(state=Server.DEFAULT_STATE, prefix=BOUND_BY_MODES)
    assert "will be forgotten" in server.log() and "cannot be made" in server.log()
    server.client().deploy("m", file)
    models.chmod(0o755)


def test_two_servers_on_the_default_place(start, models):
    first = start(state=Server.DEFAULT_STATE)
    second = start(state=Server.DEFAULT_STATE)
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


def test_two_servers_on_one_state(start, state):
    start()
    log = refused_start(state)
    assert str(state) in log and "in use by another process" in log


def test_a_state_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "cannot be made" in refused_start(tmp_path / "file" / "state.db")


@pytest.mark.parametrize("default", [True, False])
def test_a_corrupt_state_is_an_error(start, models, state, default):
    server = start(state=Server.DEFAULT_STATE if default else state)
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
    client = start(state=Server.DEFAULT_STATE if default else state).client()
    assert len(client.get("/models").json["models"]) == 20


def test_state_and_no_state_exclude_each_other(state):
    result = subprocess.run([BINARY, "serve", "--state", state, "--no-state"], capture_output=True, text=True, timeout=60)
    assert result.returncode != 0 and "--no-state" in result.stderr


# ---- Disks and modes


def limit_file_size(server, size):
    hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_a_full_disk(start, models, state):
    server = start()
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
    client = start().client()
    assert {model["name"] for model in client.get("/models").json["models"]} == kept


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_read_only_state(start, models, state, what):
    server = start()
    client = server.client()
    file = write(models)
    client.deploy("m", file)
    end(server, "SIGTERM")
    place, writable = (state, 0o600) if what == "file" else (state.parent, 0o700)
    place.chmod(0o500)
    server = start(prefix=BOUND_BY_MODES)
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
    start().client().deploy("other", file)


def test_a_state_that_is_deleted_takes_no_more_changes(start, models, state):
    client = start().client()
    file = write(models)
    client.deploy("m", file)
    state.unlink()
    answer = client.try_deploy("other", file)
    assert answer.status == 409 and "moved or deleted" in answer.error["message"], answer.body
    assert client.predict("m", [[1.0]]).outputs == [[2.0]]


# ---- Killed at any moment


class Changer:
    """A client that changes one model until the server is gone, and knows what was acknowledged.

    `versions` maps the versions of the model to their timeout_ms, which tells deployments apart, and `share` is v0's of the traffic;
    `pending` is what these would be after the change that is under way."""

    def __init__(self, name, file, seed):
        self.model, self.file = name, file
        self.random = random.Random(seed)
        self.numbers = itertools.count(1000)
        self.versions, self.share = {}, None
        self.pending = None
        self.acknowledged = 0

    def change_until_the_end(self, client):
        """For one life of the server."""
        try:
            while True:
                self.change(client)
        except (OSError, http.client.HTTPException):  # no answer, or one that was cut short
            pass

    def change(self, client):
        versions, share = dict(self.versions), self.share
        base = f"/models/{self.model}"
        kind = self.random.random()
        version = f"v{self.random.randrange(2, 6)}"
        if not {"v0", "v1"} <= versions.keys():
            version = "v0" if "v0" not in versions else "v1"
            kind = 1
        if kind < 0.3 and version in versions:
            del versions[version]
            request = ("DELETE", f"{base}/version/{version}", None)
        elif kind < 0.6:
            share = self.random.randrange(0, 101) / 100
            request = ("PUT", f"{base}/traffic", {"versions": {"v0": {"traffic": share}, "v1": {"traffic": 1 - share}}})
        else:
            versions[version] = next(self.numbers)
            request = ("POST", f"{base}/version/{version}",
                       {"path": self.file, "engine": "test", "replace": True, "config": {"timeout_ms": versions[version]}})
        self.pending = (versions, share)
        answer = client.send(*request)
        assert answer.status in (200, 201), (request, answer.status, answer.body)
        self.versions, self.share = self.pending
        self.pending = None
        self.acknowledged += 1

    def check(self, client):
        """After a restart: all that was acknowledged is there, and what was under way is there as a whole or not at all."""
        answer = client.get(f"/models/{self.model}")
        found, share = {}, None
        if answer.status == 200:
            for version in answer.json["versions"]:
                assert version["state"] == "ready", version
                found[version["version"]] = version["config"]["timeout_ms"]
            policy = client.get(f"/models/{self.model}/traffic").json
            share = policy["versions"].get("v0", {}).get("traffic") if policy.get("versions") else None
        allowed = [(self.versions, self.share), *([self.pending] if self.pending else [])]
        assert (found, share) in allowed, f"{self.model}: found {found}, {share}, expected one of {allowed}"
        self.versions, self.share = found, share
        self.pending = None


def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(start, models, tmp_path):
    lives = 20 if SANITIZED else 200
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    file = write(models)
    changers = [Changer(f"m{i}", file, seed + i) for i in range(4)]
    with ThreadPoolExecutor(len(changers)) as pool:
        live_and_die(start, pool, changers, moments, lives)
    client = start().client()
    for changer in changers:
        changer.check(client)
    changes = sum(changer.acknowledged for changer in changers)
    print(f"{lives} lives, {changes} changes acknowledged")
    assert changes > lives


def live_and_die(start, pool, changers, moments, lives):
    for _ in range(lives):
        server = start(ready=False)
        client = server.client()
        if moments.random() < 0.1:  # while it restores
            time.sleep(moments.random() * 0.01)
            server.kill()
            continue
        wait_for(lambda: client.get("/ready").status == 200, "the server to be ready")
        for changer in changers:
            changer.check(client)
        running = [pool.submit(changer.change_until_the_end, server.client()) for changer in changers]
        time.sleep(moments.random() * 0.15)
        server.kill()
        for one in running:
            one.result()


# ---- Time


def test_fifty_deployments_are_back_soon(start, models):
    """No bound on the time: it is printed to be looked at."""
    server = start(roots=[DIGITS])
    client = server.client()
    for number in range(50):
        client.deploy(f"m{number}", "pipeline.joblib")
    server.kill()
    begin = time.monotonic()
    client = start(roots=[DIGITS]).client()
    print(f"50 deployments restored {1e3 * (time.monotonic() - begin):.0f} ms after exec")
    assert len(client.get("/models").json["models"]) == 50
