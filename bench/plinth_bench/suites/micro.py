"""Parts of our libraries by themselves: the Google Benchmark programs of bench/."""

import json
import subprocess

from .. import TOOLS, BenchError
from ..context import Context
from ..table import at_most

REQUEST_US = 7.0  # of CPU time: a request to a cheap model at 32 connections, the kernel's part included


def run_libraries(context: Context) -> None:
    for program, title in (("json_bench", "JSON codecs"), ("sklearn_bench", "scikit-learn backend")):
        context.table.section(f"{title}, in-process: CPU time of a call")
        for name, us in _cpu_us(program, context.fast.seconds / 5).items():
            context.table.add(name, value=us, unit="us")


def run_metrics(context: Context) -> None:
    """bench/metrics_bench.cc: what counting a request takes, in rows of each core's own and in shared atomics."""
    context.table.section("Metrics, in-process: CPU time of all that is counted of one request")
    taken = _cpu_us("metrics_bench", context.fast.seconds / 2, "^(ByCore|Shared)/")
    for versions, what in (("1", "one version"), ("1000", "1,000 versions in turn")):
        for threads in (1, 2):
            case = f"{versions}/real_time/threads:{threads}"
            row = f"{what}, {threads} thread{'s' * (threads > 1)}"
            context.table.add(f"{row}, shared atomics", value=taken[f"Shared/{case}"] * 1e3, unit="ns")
            context.table.add(
                row,
                value=taken[f"ByCore/{case}"] * 1e3,
                unit="ns",
                against=f"a request of {REQUEST_US:g} us",
                ratio=taken[f"ByCore/{case}"] / REQUEST_US,
                target=at_most(0.02),
            )


def _cpu_us(program: str, seconds: float, only: str = ".") -> dict[str, float]:
    """CPU time of each case of a Google Benchmark program whose name matches, each repeated for so long."""
    options = ["--benchmark_format=json", f"--benchmark_min_time={seconds}", f"--benchmark_filter={only}"]
    result = subprocess.run([str(TOOLS / program), *options], capture_output=True, text=True)
    if result.returncode != 0:
        raise BenchError(f"{program} failed: {result.stderr.strip()}")
    cases = json.loads(result.stdout)["benchmarks"]
    if failed := [case for case in cases if case.get("error_occurred")]:
        raise BenchError(f"{program}: {failed[0]['name']}: {failed[0]['error_message']}")
    scale = {"ns": 1e-3, "us": 1, "ms": 1e3, "s": 1e6}
    return {case["name"]: case["cpu_time"] * scale[case["time_unit"]] for case in cases}
