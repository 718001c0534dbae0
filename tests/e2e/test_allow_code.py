"""Models that are programs: none runs but from the folders that --allow-code names, whichever way it comes."""

import base64
import json

import pytest

from harness.backend import TEST_BACKEND, write
from harness.server import wait_for

PROGRAM = {"engine": "testcode"}


@pytest.fixture
def start(start_server, models):
    """Starts a server that knows the engine `testcode`, whose models are programs."""
    return lambda *arguments, **keys: start_server("--backend-dir", TEST_BACKEND, *arguments, **{"roots": [models], **keys})


def deploy(server, path, **settings):
    return server.client().post("/models", {"name": "m", "path": str(path), **settings})


def assert_refused(answer, *words):
    assert answer.status == 403, answer.body
    error = answer.json["error"]
    assert error["code"] == "PERMISSION_DENIED"
    for word in words:
        assert word in error["message"]


def test_no_program_runs_unless_allowed(start, models):
    server = start()
    path = write(models)
    assert_refused(deploy(server, path, **PROGRAM), "m.testmodel is a program", "--allow-code DIR")
    assert deploy(server, path, engine="test").status == 201, "what is no program needs no permission"


def test_programs_run_from_their_folder_only(start, models):
    code = models / "code"
    code.mkdir()
    server = start("--allow-code", code)
    write(models)
    write(code, "inside")
    (code / "link.testmodel").symlink_to(models / "m.testmodel")
    assert_refused(deploy(server, "m.testmodel", **PROGRAM), "in none of the folders that may hold code")
    assert_refused(deploy(server, "code/link.testmodel", **PROGRAM), "--allow-code DIR")
    assert deploy(server, "code/inside.testmodel", **PROGRAM).status == 201


def test_a_folder_for_code_is_a_model_root(start, models, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    write(code)
    assert deploy(start("--allow-code", code), code / "m.testmodel", **PROGRAM).status == 201


def test_a_watched_folder_runs_no_program(start, models):
    folder = models / "m"
    folder.mkdir()
    write(folder)
    (folder / "plinth.json").write_text('{"engine": "testcode"}')
    for allowed, state in ((False, "failed"), (True, "ready")):
        server = start("--models", models, *(["--allow-code", models] if allowed else []), roots=[])
        client = server.client()
        version = wait_for(lambda: next((v for m in client.get("/models").json["models"] for v in m["versions"]
                                         if v["state"] in ("failed", "ready")), None), "the model to be seen")
        assert version["state"] == state, version
        assert allowed or "is a program" in version["error"]


def test_a_restart_without_the_flag_restores_no_program(start, models, state):
    path = write(models)
    server = start("--allow-code", models, state=state)
    assert deploy(server, path, **PROGRAM).status == 201
    assert server.terminate() == 0
    client = start(state=state).client()
    wait_for(lambda: client.get("/ready").status == 200, "the server to be ready")
    version = client.get("/models/m").json["versions"][0]
    assert version["state"] == "failed" and "is a program" in version["error"]


def test_what_a_request_uploads_is_never_run(start, models):
    client = start("--allow-code", models).client()
    files = {"config": json.dumps({"backend": "testcode"}), "file:1/m.testmodel": base64.b64encode(b"factor 3\n").decode()}
    answer = client.post("/v2/repository/models/m/load", {"parameters": files})
    assert answer.status >= 400 and b"is a program that a request has uploaded" in answer.body
