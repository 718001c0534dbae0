"""Parts of our libraries by themselves: the Google Benchmark programs of bench/."""

import json
import subprocess

from .. import TOOLS, BenchError
from ..context import Context


def run(context: Context) -> None:
    for program, title in (("json_bench", "JSON codecs"), ("sklearn_bench", "scikit-learn backend")):
        context.table.section(f"{title}, in-process: CPU time of a call")
        for name, us in cpu_us(program, context.fast.seconds / 5).items():
            context.table.add(name, value=us, unit="us")


def cpu_us(program: str, seconds: float) -> dict[str, float]:
    """CPU time of each case of a Google Benchmark program, each repeated for so long."""
    command = [str(TOOLS / program), "--benchmark_format=json", f"--benchmark_min_time={seconds}"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise BenchError(f"{program} failed: {result.stderr.strip()}")
    cases = json.loads(result.stdout)["benchmarks"]
    if failed := [case for case in cases if case.get("error_occurred")]:
        raise BenchError(f"{program}: {failed[0]['name']}: {failed[0]['error_message']}")
    scale = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6}
    return {case["name"]: case["cpu_time"] * scale[case["time_unit"]] for case in cases}
