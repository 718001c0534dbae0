"""One server for most tests, each with models of its own name; servers of their own for tests that stop or configure one."""

import itertools
import shutil

import pytest

from harness.backend import TEST_BACKEND
from harness.server import BINARY, DIGITS, FIXTURES, Server, wait_for


def pytest_sessionstart(session):
    if not BINARY.is_file():
        pytest.exit(f"{BINARY} is not there; build it with make build, or set PLINTH_BINARY", returncode=3)


@pytest.fixture(scope="session")
def shared_root(tmp_path_factory):
    """A writable model root of the session's server."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="session")
def session_server(tmp_path_factory, shared_root):
    server = Server(tmp_path_factory.mktemp("server"), roots=[DIGITS, FIXTURES, shared_root])
    yield server
    server.close()


@pytest.fixture
def server(session_server):
    """The session's server, checked for life after every test."""
    session_server.check()
    yield session_server
    session_server.check()


@pytest.fixture
def isolation():
    """Where Python models run; modules whose tests hold for both ways have one of their own with parameters."""
    return "process"


@pytest.fixture
def client(server):
    client = server.client()
    yield client
    client.close()


@pytest.fixture
def start_server(tmp_path):
    """Starts servers that end with the test."""
    servers = []

    def start(*arguments, **keys):
        folder = tmp_path / f"server{len(servers)}"
        folder.mkdir()
        servers.append(Server(folder, *arguments, **keys))
        return servers[-1]

    yield start
    failures = []
    for server in servers:
        try:
            server.close()
        except AssertionError as failure:
            failures.append(failure)
    if failures:
        raise failures[0]


@pytest.fixture
def models(tmp_path):
    """An empty folder for models."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def backend_server(start_server, models):
    """A server of the test's own that serves what harness/backend.py writes into `models`."""
    return start_server("--backend-dir", TEST_BACKEND, roots=[models])


_numbers = itertools.count()


@pytest.fixture
def name(server):
    """A model name that no other test uses; what is deployed by it is removed at the end."""
    name = f"m{next(_numbers)}"
    yield name
    if server.process.poll() is None:
        client = server.client()
        client.delete(f"/models/{name}")
        client.close()


@pytest.fixture
def root(shared_root):
    """A folder of the test's own inside the session server's model root."""
    folder = shared_root / f"t{next(_numbers)}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def pipeline(session_server):
    """The scikit-learn pipeline, deployed once as `pipeline`, for tests that only predict."""
    client = session_server.client()
    client.deploy("pipeline", "pipeline.joblib")
    client.close()
    return "pipeline"


@pytest.fixture(scope="session")
def cnn(session_server):
    """The ONNX net, deployed once as `cnn`, for tests that only predict."""
    client = session_server.client()
    client.deploy("cnn", "cnn.onnx")
    client.close()
    return "cnn"


@pytest.fixture
def state(tmp_path):
    """Where the test's servers keep what is deployed."""
    return tmp_path / "state" / "state.db"


@pytest.fixture
def start_keeping(start_server, models, state):
    """Starts a server on the test's state and models, ready unless told otherwise."""

    def start(*arguments, ready=True, **keys):
        server = start_server("--backend-dir", TEST_BACKEND, *arguments, **{"roots": [models], "state": state, **keys})
        if ready:
            client = server.client()
            wait_for(lambda: client.get("/ready").status == 200, "the server to be ready")
        return server

    return start
