"""The README's commands are run as they stand there, and answer what they are said to."""

import re
import subprocess
import sys

import pytest

from harness.server import DIGITS, ROOT

README = (ROOT / "README.md").read_text()

# Takes what the README gives curl; the machine need not have the real one.
CURL = f"""#!{sys.executable}
import sys, urllib.error, urllib.request
url, (flag, body) = sys.argv[1], sys.argv[2:]
assert flag == "-d"
request = urllib.request.Request("http://" + url, body.encode(), {{"Content-Type": "application/x-www-form-urlencoded"}})
try:
    print(urllib.request.urlopen(request, timeout=120).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
"""


def section(title):
    return re.search(rf"^## {title}\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)[1]


def commands():
    """(command, the answer that is shown below it or None) of "Deploy and predict"."""
    found = []
    for line in section("Deploy and predict").splitlines():
        if line.startswith("    curl ") or line.startswith("    DIGIT="):
            found.append([line.strip(), None])
        elif line.startswith("    {"):
            found[-1][1] = line.strip()
    return found


@pytest.fixture
def shell(start_server, tmp_path):
    server = start_server(roots=[DIGITS])
    curl = tmp_path / "curl"
    curl.write_text(CURL)
    curl.chmod(0o755)

    def run(script):
        script = script.replace("localhost:8000", f"127.0.0.1:{server.port}")
        result = subprocess.run(["bash", "-c", f"PATH={tmp_path}:$PATH\n{script}"], capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, script + "\n" + result.stderr
        return result.stdout.strip()

    return run


NUMBER = r"-?[0-9][0-9.e+-]*"


def matches(shown, got):
    """Equal but for the time taken, rounding that depends on the processor, and what "..." leaves out."""
    shown, got = (re.sub(r'"latency_ms":[0-9.]+', '"latency_ms":T', text) for text in (shown, got))
    parts = re.split(rf"({NUMBER}|\.\.\.)", shown)
    numbers = [part for part in parts[1::2] if part != "..."]
    pattern = "".join(re.escape(part) if i % 2 == 0 else ".*" if part == "..." else f"({NUMBER})" for i, part in enumerate(parts))
    found = re.fullmatch(pattern, got)
    return found is not None and all(abs(float(a) - float(b)) <= 1e-4 * max(1, abs(float(a)))
                                     for a, b in zip(numbers, found.groups()))


def test_every_framework_is_shown_and_answers_as_shown(shell):
    shown = commands()
    assert sum("/models" in command for command, _ in shown) == sum("/predict/" in command for command, _ in shown) == 4
    digit = next(command for command, _ in shown if command.startswith("DIGIT="))
    for command, answer in shown:
        got = shell(f"{digit}\n{command}")
        if answer is not None:
            assert matches(answer, got), f"{command}\nREADME: {answer}\nserver: {got}"
    assert sum(answer is not None for _, answer in shown) == 4


def test_links_lead_somewhere():
    for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text()):
            assert (ROOT / target).exists(), f"{page}: {target}"


def test_make_targets_that_are_named_exist():
    makefile = (ROOT / "Makefile").read_text()
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`(?:[A-Z_]+=\S+ )?make ([a-z-]+)`", (ROOT / page).read_text()):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page}: make {target}"
