"""Compiled forms of models, kept on disk from one load to the next."""

import shutil
import threading

import pytest

from harness import digits
from harness.backend import TEST_BACKEND, write
from harness.server import DIGITS, wait_for

SLOW = 60  # ms that the test backend takes for compiling: enough to be worth keeping


@pytest.fixture
def start(start_server, models, tmp_path):
    """Starts servers one after the other, or beside each other, on the same models and the same cache."""

    def start_one(*arguments):
        arguments = arguments or ("--compiled-cache", tmp_path / "cache")
        return start_server("--backend-dir", TEST_BACKEND, *arguments, roots=[models, DIGITS])

    return start_one


def use_of(client, name):
    """What a deployed model had of the cache."""
    (version,) = client.get(f"/models/{name}").json["versions"]
    return version.get("compiled_cache")


def deploy(server, path, name="m"):
    client = server.client()
    client.deploy(name, path)
    return client, use_of(client, name)


def forms(folder):
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def test_the_second_start_finds_what_the_first_kept(start, models):
    path = write(models, factor=5, compile_ms=SLOW)
    client, use = deploy(start(), path)
    assert use == "stored" and client.predict("m", [[1]]).outputs == [[5]]
    client, use = deploy(start(), path)
    assert use == "hit" and client.predict("m", [[1]]).outputs == [[5]]
    assert client.send("POST", "/models/m/reload").status == 200
    assert use_of(client, "m") == "hit" and client.predict("m", [[1]]).outputs == [[5]]


def test_other_bytes_are_another_form(start, models):
    client, _ = deploy(start(), write(models, factor=5, compile_ms=SLOW))
    write(models, factor=6, compile_ms=SLOW)
    assert client.send("POST", "/models/m/reload").status == 200
    assert use_of(client, "m") == "stored" and client.predict("m", [[1]]).outputs == [[6]]
    write(models, factor=5, compile_ms=SLOW)
    assert client.send("POST", "/models/m/reload").status == 200
    assert use_of(client, "m") == "hit" and client.predict("m", [[1]]).outputs == [[5]]


def test_other_options_and_threads_are_another_form(start, models):
    client, _ = deploy(start(), write(models, compile_ms=SLOW))
    for config in ({"threads": 2}, {"options": {"a": "b"}}):
        client.deploy("m", "m.testmodel", replace=True, config=config)
        assert use_of(client, "m") == "stored"
    client.deploy("m", "m.testmodel", replace=True, config={"batch_size": 7, "timeout_ms": 1000})
    assert use_of(client, "m") == "hit", "what does not change the compiled form shares it"


def test_quick_loads_are_not_kept(start, models, tmp_path):
    _, use = deploy(start(), write(models))
    assert use is None and not (tmp_path / "cache").exists()


@pytest.mark.parametrize("damage", [b"", b"7", b"55"], ids=["emptied", "other bytes", "longer"])
def test_a_damaged_form_is_made_again(start, models, tmp_path, damage):
    path = write(models, factor=5, compile_ms=SLOW)
    deploy(start(), path)
    (form,) = forms(tmp_path / "cache")
    (form / "factor").write_bytes(damage)
    server = start()
    client, use = deploy(server, path)
    assert use == "stored" and client.predict("m", [[1]]).outputs == [[5]]
    assert "compiled-model cache" in server.log()
    _, use = deploy(start(), path)
    assert use == "hit"


@pytest.mark.parametrize("how", ["refuse", "wrong"])
def test_a_form_that_the_engine_cannot_use_is_no_hindrance(start, models, tmp_path, how):
    """Refused by the engine, or loaded as a model with another signature: taken from the files again."""
    path = write(models, factor=5, compile_ms=SLOW, compiled=how)
    deploy(start(), path)
    client, use = deploy(start(), path)
    assert use is None and client.predict("m", [[1]]).outputs == [[5]]
    assert forms(tmp_path / "cache") == []


def test_a_folder_that_cannot_be_written_is_one_warning(start, models, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    server = start()
    for name in ("a", "b"):
        client, use = deploy(server, write(models, name, factor=5, compile_ms=SLOW), name)
        assert use is None and client.predict(name, [[1]]).outputs == [[5]]
    assert server.log().count("WARN") == 1, server.log()


def test_the_default_folder_lies_beside_the_models(start, models):
    path = write(models, compile_ms=SLOW)
    _, use = deploy(start("--compiled-cache-mb", 100), path)
    assert use == "stored" and len(forms(models / ".plinth" / "compiled")) == 1


def test_forms_larger_than_the_cache_are_not_kept(start, models, tmp_path):
    _, use = deploy(start("--compiled-cache", tmp_path / "cache", "--compiled-cache-mb", 0), write(models, compile_ms=SLOW))
    assert use is None and forms(tmp_path / "cache") == []


def test_several_servers_share_one_folder(start, models, tmp_path):
    paths = [write(models, f"m{i}", factor=i, compile_ms=SLOW) for i in range(4)]
    servers = [start() for _ in range(3)]
    failed = []

    def deploy_all(server):
        try:
            for i, path in enumerate(paths):
                client, use = deploy(server, path, f"m{i}")
                assert use in ("hit", "stored")
                assert client.predict(f"m{i}", [[1]]).outputs == [[i]]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=deploy_all, args=[server]) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed
    assert len(forms(tmp_path / "cache")) == 4
    assert not [entry for entry in (tmp_path / "cache").iterdir() if entry.name.startswith(".")], "nothing half-written is left"


def test_a_server_killed_while_it_writes_leaves_nothing_that_is_used(start, models, tmp_path):
    path = write(models, factor=5, compile_ms=100_000)
    server = start()
    client = server.client()
    threading.Thread(target=lambda: pytest.raises(Exception, client.deploy, "m", path), daemon=True).start()
    wait_for(lambda: (tmp_path / "cache").exists() and list((tmp_path / "cache").glob(".*/*")), "the form to be begun")
    server.kill()
    write(models, factor=5, compile_ms=SLOW)
    client, use = deploy(start(), path)
    assert use == "stored" and client.predict("m", [[1]]).outputs == [[5]]


@pytest.mark.parametrize("file", ["keras_savedmodel", "keras_frozen.pb", "keras_model.tflite", "cnn.onnx"])
def test_openvino_answers_the_same_from_the_cache(start, models, file):
    answers = []
    for wanted in ("stored", "hit"):
        client = start().client()
        client.deploy("m", file, engine="openvino")
        if use_of(client, "m") != wanted == "stored":
            pytest.skip("this machine compiles it too fast to keep it")
        assert use_of(client, "m") == wanted
        version = client.get("/models/m").json["versions"][0]
        answers.append((client.predict("m", digits.inputs_for(file)).outputs, version["inputs"], version["outputs"]))
        digits.assert_recorded(file, answers[-1][0])
    assert answers[0] == answers[1]


def test_a_folder_may_be_moved_but_not_changed(start, models):
    shutil.copytree(DIGITS / "keras_savedmodel", models / "saved")
    _, use = deploy(start(), "saved")
    if use is None:
        pytest.skip("this machine compiles it too fast to keep it")
    (models / "saved").rename(models / "moved")
    _, use = deploy(start(), "moved")
    assert use == "hit"
    (weights,) = (models / "moved" / "variables").glob("*.data-*")
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    _, use = deploy(start(), "moved")
    assert use != "hit"
