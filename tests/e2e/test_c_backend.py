"""The example backend in plain C, found through --backend-dir, serves as the README beside it says."""

import shutil

import pytest

from harness.server import BUILD, ROOT

EXAMPLE = ROOT / "examples" / "backend-c"


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(EXAMPLE / "model.linear", folder)
    return folder


@pytest.fixture
def client(start_server, models):
    return start_server("--backend-dir", BUILD / "examples" / "backend-c", roots=[models]).client()


@pytest.mark.parametrize("keys", [{}, {"framework": "linear"}, {"engine": "linear"}])
def test_serves_as_its_readme_says(client, keys):
    described = client.deploy("line", "model.linear", **keys)
    assert (described["framework"], described["engine"]) == ("linear", "linear")
    assert client.predict("line", [[1, 2, 3], [0, 0, 0]]).outputs == [[11, 25], [10, 20]]


def test_broken_file_gives_its_reason(client, models):
    (models / "broken.linear").write_text("three apples\n")
    answer = client.try_deploy("line", "broken.linear")
    assert (answer.status, answer.error["code"]) == (422, "INVALID_MODEL")


def test_stands_beside_the_others(client, models):
    shutil.copy(ROOT / "examples" / "digits" / "pipeline.joblib", models)
    assert client.deploy("digits", "pipeline.joblib")["engine"] == "sklearn"
    assert client.deploy("line", "model.linear")["engine"] == "linear"


def test_unknown_without_the_folder(start_server, models):
    answer = start_server(roots=[models]).client().try_deploy("line", "model.linear")
    assert answer.status == 422 and "engine" in answer.error["message"]
