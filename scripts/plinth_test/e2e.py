"""End-to-end tests: pytest in a virtual environment of its own, against the binary of the build."""

import hashlib
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from . import Count


def run(root: Path, build: Path, environment: dict[str, str]) -> Count:
    python = virtual_environment(root)
    report = build / "test-results" / "e2e.xml"
    report.unlink(missing_ok=True)
    code = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", "tests/e2e"],
        cwd=root,
        env={**environment, "PLINTH_BINARY": str(build / "plinth"), "PYTHONDONTWRITEBYTECODE": "1"},
    ).returncode
    if not report.exists():
        print(f"pytest ended with {code} and left no report")
        return Count(failed=1)
    total = Count()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        tests, skipped = int(suite.get("tests")), int(suite.get("skipped"))
        failed = int(suite.get("failures")) + int(suite.get("errors"))
        total += Count(tests - failed - skipped, failed, skipped)
    if code != 0 and total.failed == 0:
        total += Count(failed=1)
    return total


def virtual_environment(root: Path) -> Path:
    """build/venv with tests/requirements.txt installed. Returns its python; made anew only when the list changes."""
    folder = root / "build" / "venv"
    requirements = root / "tests" / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = folder / ".requirements"
    python = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("making build/venv from tests/requirements.txt", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--requirement", str(requirements)]
        subprocess.run(pip, check=True)
        stamp.write_text(wanted)
    return python
