"""Unit tests: ctest runs the programs; their own GoogleTest reports say how many tests each holds."""

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from . import Count

TIMEOUT_S = 600  # of one program; a hang, not slowness, is what it ends


def run(build: Path, environment: dict[str, str]) -> Count:
    reports = build / "test-results"
    shutil.rmtree(reports, ignore_errors=True)
    (reports / "gtest").mkdir(parents=True)
    ctest = ["ctest", "--test-dir", str(build)]
    subprocess.run(
        [*ctest, "--output-on-failure", "--timeout", str(TIMEOUT_S), "--parallel", str(os.cpu_count()),
         "--output-junit", str(reports / "ctest.xml")],
        env={**environment, "GTEST_OUTPUT": f"json:{reports}/gtest/"},
    )  # fmt: skip
    plan = json.loads(subprocess.run([*ctest, "--show-only=json-v1"], capture_output=True, text=True, check=True).stdout)
    programs = {test["name"]: Path(test["command"][0]).name for test in plan["tests"] if test.get("command")}
    total = Count()
    for case in ElementTree.parse(reports / "ctest.xml").getroot().iter("testcase"):
        report = reports / "gtest" / f"{programs.get(case.get('name'), '')}.json"
        total += _count(report, ended_well=case.get("status") == "run")
    return total


def _count(report: Path, ended_well: bool) -> Count:
    """A program without a report (a crash, or no GoogleTest) counts as one test."""
    if not report.exists():
        return Count(passed=1) if ended_well else Count(failed=1)
    suite = json.loads(report.read_text())
    cases = [case for group in suite["testsuites"] for case in group["testsuite"]]
    failed = sum(bool(case.get("failures")) for case in cases)
    skipped = sum(case.get("result") != "COMPLETED" for case in cases)
    passed = len(cases) - failed - skipped
    if not ended_well and not failed:  # such as a leak reported when the program ended
        failed = 1
    return Count(passed, failed, skipped)
