"""Fuzz tests: every libFuzzer program of build-fuzz runs for a given time; a program is one test."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import Count

LIMITS = ["-timeout=30", "-rss_limit_mb=2048", "-max_len=65536", "-print_final_stats=1"]


def run(root: Path, seconds: int, environment: dict[str, str]) -> Count:
    programs = sorted(path.stem for path in (root / "tests" / "fuzz").glob("*_fuzz.cc"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda name: _run_one(root, name, seconds, environment), programs))
    return Count(passed=sum(results), failed=len(results) - sum(results))


def _run_one(root: Path, name: str, seconds: int, environment: dict[str, str]) -> bool:
    build = root / "build-fuzz"
    grown = build / "corpus" / name  # what earlier runs found worth keeping
    findings = build / "findings" / name
    grown.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    seeds = root / "tests" / "fuzz" / "corpus" / name.removesuffix("_fuzz")
    command = [str(build / "bin" / name), f"-max_total_time={seconds}", f"-artifact_prefix={findings}/", *LIMITS, str(grown)]
    if seeds.is_dir():
        command.append(str(seeds))
    result = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace")
    if result.returncode != 0:
        print(f"{name}: FAILED; the input that did it is in {findings}\n{result.stderr[-6000:]}", flush=True)
        return False
    stats = dict(line.split(": ", 1) for line in result.stderr.splitlines() if line.startswith("stat::"))
    print(f"{name}: {stats.get('stat::number_of_executed_units', '?').strip()} inputs in {seconds} s, none crashed", flush=True)
    return True
