"""The command line."""

import json
import re
import subprocess

import pytest

from harness.digits import assert_recorded, inputs_for
from harness.server import BINARY, ROOT


def plinth(*arguments, stdin=None):
    return subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=120)


def test_version():
    result = plinth("--version")
    assert result.returncode == 0 and re.fullmatch(r"plinth \d+\.\d+\.\d+\n", result.stdout)


def test_help():
    result = plinth("--help")
    assert result.returncode == 0
    for word in ("serve", "predict", "models", "doctor", "Examples"):
        assert word in result.stdout


@pytest.mark.parametrize("command", ["serve", "predict", "models", "doctor"])
def test_help_of_each_command(command):
    result = plinth(command, "--help")
    assert result.returncode == 0 and "--help" in result.stdout and result.stderr == ""


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--prot", "1"], ["serve", "--port", "x"], ["serve", "--port", "70000"]])
def test_wrong_use_is_refused(arguments):
    result = plinth(*arguments)
    assert result.returncode not in (0, -6, -11) and result.stderr


def test_doctor_finds_every_engine():
    result = plinth("doctor")
    assert result.returncode == 0, result.stdout
    for engine in ("sklearn", "onnxruntime", "openvino", "pytorch", "javascript"):
        assert re.search(rf"^{engine}\s+ok$", result.stdout, re.MULTILINE), result.stdout
    for version in ("1.32", "2026.4", "2.15"):
        assert version in result.stdout


def test_doctor_says_what_is_missing(tmp_path):
    result = plinth("doctor", "--backend-dir", tmp_path)
    assert result.returncode != 0 and "MISSING" in result.stdout and "make build" in result.stdout


def test_models(server, pipeline):
    result = plinth("models", "--server", server.url)
    assert result.returncode == 0, result.stderr
    line = next(line for line in result.stdout.splitlines() if line.split()[:1] == [pipeline])
    for word in ("v1", "sklearn", "ready"):
        assert word in line


def test_models_of_no_server():
    result = plinth("models", "--server", "http://127.0.0.1:1")
    assert result.returncode != 0 and "127.0.0.1:1" in result.stderr


def test_predict(server, pipeline):
    one = slice(0, 1)
    result = plinth("predict", pipeline, "--server", server.url, "--inputs", json.dumps(inputs_for("pipeline.joblib", one)))
    assert result.returncode == 0, result.stderr
    assert_recorded("pipeline.joblib", json.loads(result.stdout)["outputs"], one)


def test_predict_of_an_unknown_model(server):
    result = plinth("predict", "nothing", "--server", server.url, "--inputs", "[[1]]")
    assert result.returncode != 0 and "nothing" in result.stderr


def test_needs_only_small_system_libraries():
    """The base program links none of the runtimes."""
    libraries = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    for runtime in ("onnxruntime", "openvino", "torch", "tensorflow"):
        assert runtime not in libraries


def test_version_agrees_with_the_changelog():
    version = plinth("--version").stdout.split()[1]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest[1] == version
