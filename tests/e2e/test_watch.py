"""The folder of --models while the server runs: what comes is deployed, what changes is swapped, what goes is removed."""

import json
import os
import shutil
import signal
import subprocess
import threading
import time

import pytest

from harness.askers import Askers
from harness.backend import TEST_BACKEND, write
from harness.digits import assert_recorded, inputs_for
from harness.server import BINARY, DIGITS, SANITIZED, wait_for

SETTLE_MS = 100
MODES = {"inotify": ["--watch", "auto"], "polling": ["--watch", "poll", "--watch-poll-ms", "50"]}


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@pytest.fixture
def watch(start_server, models):
    """Starts a server that watches `models`."""

    def start(*arguments, settle_ms=SETTLE_MS, **keys):
        return start_server("--models", models, "--backend-dir", TEST_BACKEND, "--watch-settle-ms", settle_ms, *arguments, **keys)

    return start


@pytest.fixture
def client(watch, mode):
    return watch(*mode).client()


def put(folder, **settings):
    """A model of the test backend in a folder of its own: y = factor * x."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "plinth.json").exists():
        (folder / "plinth.json").write_text('{"engine": "test"}')
    write(folder, "net", **settings)


def factor(client, name="m", **keys):
    """By what the model multiplies; None if it does not answer."""
    answer = client.predict(name, [[1]], **keys)
    return answer.json["outputs"][0][0] if answer.status == 200 else None


def versions(client, name="m"):
    """The versions of a model by name; none if it is not there."""
    answer = client.get(f"/models/{name}")
    assert answer.status in (200, 404)
    return {v["version"]: v for v in answer.json["versions"]} if answer.status == 200 else {}


def wait_for_factor(client, wanted, name="m", **keys):
    wait_for(lambda: factor(client, name, **keys) == wanted, f"{name} to multiply by {wanted}")


def wait_for_failed_reload(client, text, name="m", version="v1"):
    return wait_for(lambda: text in versions(client, name)[version].get("failed_reload", {}).get("error", ""), f"{text} to be shown")


def pass_a_change(client, models, name="fence"):
    """Waits until a change made now has been acted on, and so all that settled before it has been seen."""
    n = int(factor(client, name) or 0) + 1
    put(models / name, factor=n)
    wait_for_factor(client, n, name)


class Asking(Askers):
    """Clients that ask for a model all the while; none may be refused, or get an answer older than one it had."""

    def __init__(self, server, clients=8, name="m", **keys):
        super().__init__(server, clients)
        self.failures = []
        self.asked = 0
        self._name, self._keys = name, keys
        self._last = threading.local()

    def ask(self, client):
        last = getattr(self._last, "factor", 0)
        answer = client.predict(self._name, [[1]], **self._keys)
        if answer.status != 200 or (now := answer.json["outputs"][0][0]) < last:
            self.failures.append((answer.status, answer.body, last))
            return False
        self._last.factor = now
        self.asked += 1
        return True


def test_what_comes_is_deployed(client, models):
    put(models / "m", factor=3)
    wait_for_factor(client, 3)
    assert versions(client)["v1"]["engine"] == "test"
    put(models / "n" / "1", factor=4)
    wait_for_factor(client, 4, "n")
    put(models / "n" / "2", factor=5)
    wait_for_factor(client, 5, "n")
    assert set(versions(client, "n")) == {"1", "2"} and factor(client, "n", version="1") == 4
    shutil.copy(DIGITS / "pipeline.joblib", models / "digits.joblib")
    wait_for(lambda: versions(client, "digits"), "the single file")
    wait_for(lambda: client.predict("digits", inputs_for("pipeline.joblib")).status == 200, "the single file to be loaded")
    assert_recorded("pipeline.joblib", client.predict("digits", inputs_for("pipeline.joblib")).outputs)


def test_what_changes_is_swapped_while_it_answers(watch, mode, models):
    put(models / "m", factor=1)
    server = watch(*mode)
    client = server.client()
    wait_for_factor(client, 1)
    with Asking(server) as asking:
        for n in range(2, 5 if SANITIZED else 12):
            put(models / "m", factor=n, load_ms=20)
            wait_for_factor(client, n)
    assert not asking.failures, asking.failures[:3]
    assert asking.asked > 0


def test_what_is_broken_leaves_what_works(client, models):
    put(models / "m", factor=3)
    wait_for_factor(client, 3)
    put(models / "m", fail_load="the weights are gone")
    wait_for_failed_reload(client, "the weights are gone")
    assert factor(client) == 3 and versions(client)["v1"]["state"] == "ready"
    put(models / "m", factor=4)
    wait_for_factor(client, 4)
    assert "failed_reload" not in versions(client)["v1"]


def test_what_is_broken_from_the_first_is_shown_and_replaced(client, models):
    put(models / "m", fail_load="no weights")
    wait_for(lambda: versions(client).get("v1", {}).get("state") == "failed", "the failure to be shown")
    assert "no weights" in versions(client)["v1"]["error"]
    put(models / "m", factor=4)
    wait_for_factor(client, 4)


def test_what_is_still_being_written_waits(client, models):
    """However long the writer rests in the middle: half a model is not even tried."""
    put(models / "m", factor=3)
    wait_for_factor(client, 3)
    with open(models / "m" / "net.testmodel", "w") as file:
        file.write("factor 4")
        file.flush()
        for _ in range(3):
            time.sleep(SETTLE_MS / 1000)
            pass_a_change(client, models)
            assert factor(client) == 3
        file.write("2\n")
    wait_for_factor(client, 42)
    assert "failed_reload" not in versions(client)["v1"]


@pytest.mark.parametrize("file", ["cnn.onnx", "cnn.pt", "keras_model.tflite", "keras_frozen.pb", "pipeline.joblib", "forest.pkl"])
def test_half_a_file_never_answers(watch, models, file):
    """The copy stops in the middle for longer than the settle time, with the file closed, and goes on."""
    whole = (DIGITS / file).read_bytes()
    client = watch(*MODES["inotify"]).client()
    shutil.copy(DIGITS / file, models / file)
    name = file.split(".")[0]
    wait_for(lambda: client.predict(name, inputs_for(file)).status == 200, f"{file} to be loaded")
    (models / file).write_bytes(whole[: len(whole) // 2])
    wait_for(lambda: "failed_reload" in versions(client, name)["v1"], "half a file to be refused")
    assert_recorded(file, client.predict(name, inputs_for(file)).outputs)
    with open(models / file, "ab") as rest:
        rest.write(whole[len(whole) // 2:])
    wait_for(lambda: "failed_reload" not in versions(client, name)["v1"], "the whole file to be loaded")
    assert_recorded(file, client.predict(name, inputs_for(file)).outputs)


def test_half_a_folder_never_answers(watch, models):
    """A SavedModel whose graph was copied some time before its weights."""
    name = "keras_savedmodel"
    client = watch(*MODES["inotify"]).client()
    shutil.copytree(DIGITS / name, models / "m" / "1")
    wait_for(lambda: client.predict("m", inputs_for(name)).status == 200, "the model to be loaded")
    variables = models / "m" / "1" / "variables"
    shutil.rmtree(variables)
    wait_for(lambda: "failed_reload" in versions(client)["1"], "a graph without weights to be refused")
    assert_recorded(name, client.predict("m", inputs_for(name)).outputs)
    shutil.copytree(DIGITS / name / "variables", variables)
    wait_for(lambda: "failed_reload" not in versions(client)["1"], "the whole folder to be loaded")
    assert_recorded(name, client.predict("m", inputs_for(name)).outputs)


def test_what_goes_is_removed(client, models):
    for version in ("1", "2", "3"):
        put(models / "m" / version, factor=int(version))
    put(models / "n", factor=7)
    wait_for_factor(client, 3)
    wait_for_factor(client, 7, "n")
    shutil.rmtree(models / "m" / "3")
    wait_for(lambda: set(versions(client)) == {"1", "2"}, "the version to go")
    assert factor(client) == 2
    (models / "m" / "2" / "net.testmodel").unlink()
    wait_for(lambda: set(versions(client)) == {"1"}, "the version without files to go")
    shutil.rmtree(models / "m")
    wait_for(lambda: client.predict("m", [[1]]).status == 404, "the model to go")
    assert factor(client, "n") == 7
    put(models / "m", factor=5)
    wait_for_factor(client, 5)


def test_renames_swap(watch, mode, models):
    put(models / "m", factor=1)
    server = watch(*mode)
    client = server.client()
    wait_for_factor(client, 1)
    with Asking(server) as asking:
        (models / "m" / ".net.testmodel.x7Gq2").write_text("factor 2\n")
        os.rename(models / "m" / ".net.testmodel.x7Gq2", models / "m" / "net.testmodel")
        wait_for_factor(client, 2)
        put(models / ".next", factor=3)
        os.rename(models / "m", models / ".last")
        os.rename(models / ".next", models / "m")
        wait_for_factor(client, 3)
    assert not asking.failures, asking.failures[:3]


def test_a_renamed_version_is_never_missing(watch, mode, models):
    put(models / "m" / "1", factor=1, load_ms=100)
    server = watch(*mode)
    client = server.client()
    wait_for_factor(client, 1)
    with Asking(server) as asking:
        os.rename(models / "m" / "1", models / "m" / "2")
        wait_for(lambda: set(versions(client)) == {"2"}, "the old name to go")
        assert factor(client) == 1
    assert not asking.failures, asking.failures[:3]


def flip(link, target):
    """As Kubernetes replaces a ConfigMap's files, and `ln -sfn` done well."""
    new = link.with_name(link.name + "_tmp")
    new.symlink_to(target)
    os.rename(new, link)


def test_links_flip(client, models):
    for n in (1, 2, 3):
        put(models / f"..2026_{n}" / "m", factor=n)
        put(models / f"..2026_{n}" / "n" / "1", factor=10 * n)
    (models / "..data").symlink_to("..2026_1")
    (models / "m").symlink_to("..data/m")
    (models / "n").mkdir()
    (models / "n" / "1").symlink_to("../..data/n/1")
    wait_for_factor(client, 1)
    wait_for_factor(client, 10, "n")
    for n in (2, 3):
        flip(models / "..data", f"..2026_{n}")
        wait_for_factor(client, n)
        wait_for_factor(client, 10 * n, "n")


def test_a_link_to_the_folder_flips(start_server, models, tmp_path, mode):
    for n in (1, 2):
        put(models / f"release{n}" / "m", factor=n)
    link = tmp_path / "current"
    link.symlink_to(models / "release1")
    server = start_server("--models", link, "--backend-dir", TEST_BACKEND, "--watch-settle-ms", SETTLE_MS, *mode)
    client = server.client()
    wait_for_factor(client, 1)
    flip(link, models / "release2")
    wait_for_factor(client, 2)


def test_plinth_json_counts(client, models):
    put(models / "m", factor=3)
    wait_for_factor(client, 3)
    config = models / "m" / "plinth.json"

    def timeout():
        return versions(client)["v1"]["config"]["timeout_ms"]

    config.write_text('{"engine": "test", "config": {"timeout_ms": 777}}')
    wait_for(lambda: timeout() == 777, "the configuration")
    config.write_text('{"engine": "test", "config": {"timeout": 778}}')
    wait_for_failed_reload(client, "'timeout' is unknown")
    assert timeout() == 777 and factor(client) == 3
    config.write_text('{"engine": "test", "config": {"timeout_ms": 779}}')
    wait_for(lambda: timeout() == 779, "the mended configuration")
    assert "failed_reload" not in versions(client)["v1"]


def test_what_cannot_be_planned_is_listed_with_the_reason(client, models):
    put(models / "m", factor=3)
    (models / "m" / "plinth.json").write_text("{")
    (models / "keras.h5").write_bytes(b"\x89HDF")
    (models / "two").mkdir()
    shutil.copy(DIGITS / "cnn.onnx", models / "two" / "a.onnx")
    shutil.copy(DIGITS / "cnn.onnx", models / "two" / "b.onnx")
    for name, reason in {"m": "plinth.json", "keras": "model.export", "two": "several models"}.items():
        wait_for(lambda: versions(client, name).get("v1", {}).get("state") == "failed", f"{name} to be shown")
        assert reason in versions(client, name)["v1"]["error"]
    (models / "m" / "plinth.json").write_text('{"engine": "test"}')
    wait_for_factor(client, 3)


def test_what_is_skipped_is_said_once(watch, mode, models):
    put(models / "bad name")
    put(models / "m")
    server = watch(*mode)
    client = server.client()
    shutil.copy(DIGITS / "pipeline.joblib", models / "m.joblib")
    for _ in range(4):
        pass_a_change(client, models)
    assert server.log().count("cannot be a model's name") == 1
    assert server.log().count("there is a model 'm' already") == 1


def test_hidden_and_empty_names_are_nothing(watch, mode, models):
    put(models / "m", factor=3)
    server = watch(*mode)
    client = server.client()
    wait_for_factor(client, 3)
    (models / "m" / ".net.testmodel.swp").write_text("x")
    (models / "m" / "net.testmodel~").write_text("factor 9\n")
    (models / "empty").mkdir()
    (models / "notes.txt").write_text("not a model\n")
    time.sleep(SETTLE_MS / 1000)
    pass_a_change(client, models)
    pass_a_change(client, models)
    assert server.log().count("model 'm' v1 is ready") == 1
    assert {m["name"] for m in client.get("/models").json["models"]} == {"m", "fence"}


def test_the_folder_may_go_and_come_back(watch, mode, models):
    put(models / "m", factor=3)
    server = watch(*mode)
    client = server.client()
    wait_for_factor(client, 3)
    os.rename(models, models.with_name("away"))
    wait_for(lambda: "what was deployed from it stays" in server.log(), "the loss to be noticed")
    assert factor(client) == 3
    put(models.with_name("away") / "m", factor=4)
    os.rename(models.with_name("away"), models)
    wait_for_factor(client, 4)


def test_the_folder_may_come_later(start_server, tmp_path, mode):
    models = tmp_path / "later" / "models"
    server = start_server("--models", models, "--backend-dir", TEST_BACKEND, "--watch-settle-ms", SETTLE_MS, *mode)
    client = server.client()
    wait_for(lambda: client.get("/ready").status == 200, "the server to be ready without it")
    put(models / "m", factor=3)
    wait_for_factor(client, 3)


def test_requests_have_the_last_word(client, models):
    put(models / "m", factor=3)
    wait_for_factor(client, 3)
    assert client.delete("/models/m").status == 200
    pass_a_change(client, models)
    assert versions(client) == {}, "what was removed stays away while its files are the same"
    put(models / "m", factor=4)
    wait_for_factor(client, 4)
    put(models / "other", factor=9)
    client.deploy("m", "other/net.testmodel", engine="test", replace=True)
    put(models / "m", factor=5)
    pass_a_change(client, models)
    assert factor(client) == 9, "what a request deployed is not replaced"
    shutil.rmtree(models / "m")
    pass_a_change(client, models)
    assert factor(client) == 9, "nor removed"


def test_requests_have_the_last_word_after_a_restart(watch, models, tmp_path):
    put(models / "m", factor=3)
    put(models / "other", factor=9)
    server = watch(state=tmp_path / "state.db")
    client = server.client()
    wait_for_factor(client, 3)
    client.deploy("m", "other/net.testmodel", engine="test", replace=True)
    server.kill()
    client = watch(state=tmp_path / "state.db").client()
    wait_for(lambda: client.get("/ready").status == 200, "ready")
    assert factor(client) == 9
    put(models / "m", factor=4)
    pass_a_change(client, models)
    assert factor(client) == 9


def test_a_change_during_a_load_is_loaded(client, models):
    put(models / "m", factor=3, load_ms=700)
    wait_for(lambda: versions(client), "the load to begin")
    put(models / "m", factor=4)
    wait_for_factor(client, 4)
    put(models / "m", factor=5, load_ms=700)
    time.sleep(0.3)
    put(models / "m", factor=6)
    wait_for_factor(client, 6)


def test_sighup_looks_again(watch, models):
    put(models / "m", factor=3)
    server = watch("--watch", "off", settle_ms=3_600_000)
    client = server.client()
    wait_for_factor(client, 3)
    put(models / "m", factor=4)
    put(models / "n", factor=5)
    time.sleep(0.5)
    assert factor(client) == 3 and versions(client, "n") == {}
    server.process.send_signal(signal.SIGHUP)
    wait_for_factor(client, 4)
    wait_for_factor(client, 5, "n")
    shutil.rmtree(models / "n")
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: versions(client, "n") == {}, "the model to go")


def test_sighup_never_ends_the_server(watch, mode, models, start_server):
    put(models / "m", factor=3)
    server = watch(*mode)
    client = server.client()
    for n in range(100):
        server.process.send_signal(signal.SIGHUP)
        put(models / "m", factor=n)
    wait_for_factor(client, 99)
    without = start_server()
    without.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "SIGHUP" in without.log(), "the signal to be noticed")
    assert without.client().get("/health").status == 200


@pytest.mark.skipif(SANITIZED, reason="an instrumented program cannot be run in a user namespace")
@pytest.mark.parametrize(("limit", "advice"), [("max_inotify_instances", "max_user_instances"), ("max_inotify_watches", "max_user_watches")])
def test_without_inotify_it_polls(watch, models, limit, advice):
    prefix = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 0 > /proc/sys/user/{limit} && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no user namespaces here")
    put(models / "m", factor=3)
    server = watch("--watch-poll-ms", 50, prefix=prefix)
    client = server.client()
    wait_for_factor(client, 3)
    for n in range(4, 7):
        put(models / "m", factor=n)
        wait_for_factor(client, n)
    assert server.log().count(f"raise fs.inotify.{advice}") == 1


def test_unknown_ways_of_watching_are_refused():
    result = subprocess.run([BINARY, "serve", "--watch", "often"], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0 and "auto" in result.stderr + result.stdout
