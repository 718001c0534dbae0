"""Tests in Python: pytest in a virtual environment of their own, against what the build has made."""

import os
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from plinth_setup import virtual_environment

from . import Count


MOST_AT_ONCE = 4


def run(root: Path, build: Path, environment: dict[str, str], name: str) -> Count:
    """Runs tests/<name>: end to end against the program, or the scikit-learn backend against scikit-learn."""
    python = virtual_environment.prepare(root / "build" / "venv", root / "tests" / "requirements.txt")
    report = build / "test-results" / f"{name}.xml"
    report.unlink(missing_ok=True)
    # A file's tests share a server, so they stay together; more at once than this only disturb each other.
    several = ["-n", str(min(os.cpu_count(), MOST_AT_ONCE)), "--dist", "loadfile"]
    code = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *several, f"--junitxml={report}", f"tests/{name}"],
        cwd=root,
        env={
            **environment,
            "PLINTH_BINARY": str(build / "plinth"),
            "PLINTH_SKLEARN_BACKEND": str(build / "backends" / "libplinth_sklearn.so"),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
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
