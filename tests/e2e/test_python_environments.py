"""Which Python runs a model, and with which packages."""

import sys
import zipfile

import pytest

from harness.python_models import SCALE, client, code, deploy, predict, refusal, server, start  # noqa: F401


def test_only_known_interpreters_run(server, client, code, models, tmp_path):
    path = code(SCALE)
    other = tmp_path / "bin" / "python3"
    other.parent.mkdir()
    other.symlink_to("/bin/true")
    for python in (str(other), "/bin/sh", "../bin/python3", str(tmp_path)):
        status, message = refusal(client, path, config={"options": {"python": python}})
        assert status == 400 and "--allow-code" in message and "--python" in message
    client.deploy("m", path, config={"options": {"python": sys.executable}})
    inside = models / "venv" / "bin"
    inside.mkdir(parents=True)
    (inside / "python3").write_text(f"#!/bin/sh\nexec {sys.executable} \"$@\"\n")
    (inside / "python3").chmod(0o755)
    client.deploy("own", path, config={"options": {"python": "venv"}})
    assert client.predict("own", {"x": [[1, 1, 1]]}).outputs == [[2.5] * 3]


def test_an_interpreter_that_cannot_be_used(start_server, models, code):
    fake = models / "python3"
    fake.write_text("#!/bin/sh\necho this is no Python >&2\nexit 9\n")
    fake.chmod(0o755)
    path = code(SCALE)
    client = start_server("--allow-code", models, "--python", fake).client()
    status, message = refusal(client, path)
    assert status == 422 and "exit status 9" in message and "this is no Python" in message
    client = start_server("--allow-code", models, "--python", models / "gone").client()
    assert "there is no Python at" in refusal(client, path)[1]


@pytest.mark.parametrize("options,word", [({"shm_mb": "1"}, "shm_mb"), ({"memory_mb": "x"}, "memory_mb"), ({"pyhton": "x"}, "python")])
def test_options_are_checked(client, code, options, word):
    status, message = refusal(client, code(SCALE), config={"options": options})
    assert status == 400 and word in message


def wheel(folder, name, version="1.0"):
    """A package with one module, whose ANSWER is 42."""
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "ANSWER = 42\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return path.name


def test_requirements_are_installed_once(start, code, models, tmp_path):
    path = code("""
        import tiny_thing
        signature = {"inputs": {}, "outputs": {"y": "int64", "prefix": "str"}}
        def predict(inputs):
            import sys
            return {"y": tiny_thing.ANSWER, "prefix": sys.prefix}
        """)
    required = models / "requirements.txt"
    required.write_text(f"--no-index\nnumpy\n./{wheel(models, 'tiny_thing')}\n")
    config = {"options": {"requirements": "true"}, "instances": 2}
    status, message = refusal(start().client(), path, config=config)
    assert status == 400 and "--python-environments DIR" in message
    environments = tmp_path / "environments"
    server = start("--python-environments", environments)
    client = server.client()
    client.deploy("m", path, config=config)
    answer = client.predict("m", {}).outputs
    assert answer["y"] == 42 and answer["prefix"].startswith(str(environments))
    assert server.log().count("Successfully installed tiny-thing") == 1
    client.deploy("again", path, config=config)
    assert client.predict("again", {}).outputs == answer and server.log().count("Successfully installed") == 1
    required.write_text("--no-index\n./gone.whl\n")
    status, message = refusal(client, path, config=config)
    assert status == 422 and "requirements.txt" in message and "gone.whl" in message
    required.unlink()
    status, message = refusal(client, path, config=config)
    assert status == 422 and "requirements.txt beside the model cannot be read" in message
