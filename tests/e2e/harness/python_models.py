"""Fixtures and helpers for models that are Python programs, for the modules that import them."""

import sys
import textwrap
from pathlib import Path

import pytest

from .server import wait_for

SCALE = """
    import numpy as np

    class Scale:
        signature = {"inputs": {"x": ("float32", [-1, 3])}, "outputs": {"y": ("float32", [-1, 3])}}

        def load(self):
            self.factor = np.float32(2.5)

        def predict(self, inputs):
            return {"y": np.sqrt(np.abs(inputs["x"])) * self.factor}
    """


@pytest.fixture
def code(models):
    """Writes a program into a folder that may hold code; gives its path."""

    def write(text, name="model.py", folder="."):
        path = models / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    return write


@pytest.fixture
def start(start_server, models):
    def start(*arguments):
        # In an environment that does not keep Python from writing .pyc files.
        return start_server("--allow-code", models, "--python", sys.executable, *arguments, env={"PYTHONDONTWRITEBYTECODE": ""})

    return start


@pytest.fixture
def serve_triton(start_server, models):
    """Writes models, each a config and a program, into a repository and serves it."""

    def serve(**written):
        for name, (config, program) in written.items():
            folder = models / name / "1"
            folder.mkdir(parents=True)
            (folder / "model.py").write_text(textwrap.dedent(program))
            (folder.parent / "config.pbtxt").write_text(textwrap.dedent(config))
        server = start_server("--model-repository", models, "--allow-code", models, "--python", sys.executable)
        client = server.client()
        wait_for(lambda: client.get("/ready").status == 200, "the repository to be loaded")
        for name in written:
            version = client.get(f"/models/{name}").json["versions"][0]
            assert version["state"] == "ready", version
        return server, client

    return serve


@pytest.fixture
def server(start):
    return start()


@pytest.fixture
def client(server, isolation):
    return isolating(server.client(), isolation)


def isolating(client, isolation):
    """The client deploys with this option."""
    if isolation != "process":
        plain = client.try_deploy

        def try_deploy(name, path, config=None, **keys):
            config = {**(config or {}), "options": {"isolation": isolation, **(config or {}).get("options", {})}}
            return plain(name, path, config=config, **keys)

        client.try_deploy = try_deploy
    return client


@pytest.fixture
def deploy(client, code):
    """Deploys a program as `m`."""

    def deploy(text, name="model.py", **config):
        return client.deploy("m", code(text, name), **({"config": config} if config else {}))

    return deploy


def refusal(client, path, **keys):
    answer = client.try_deploy("bad", path, **keys)
    assert answer.status >= 400, answer.body
    return answer.status, answer.error["message"]


def children_of(pid):
    return [int(entry.name) for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and parent_of(entry) == pid]


def parent_of(entry):
    try:
        return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def workers(server):
    return children_of(server.process.pid)


def predict(client, x, **keys):
    answer = client.predict("m", {"x": x}, **keys)
    assert answer.status == 200, answer.body
    return answer.outputs
