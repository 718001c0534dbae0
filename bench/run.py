#!/usr/bin/env python3
"""What the served program gives beside the bare runtime, nginx and a bare exchange of the same bytes, as one table.

    bench/run.py [--quick] [--suite NAME]... [--json FILE] [--binary build/plinth]

Needs what `scripts/setup bench` installs and the target plinth_bench of a build with -DPLINTH_BENCH=ON (`make bench` does both).
Every model's answer is checked before it is timed. Client and server share the machine's processors. All that is compared is
measured in turns; figures are medians over the rounds. Targets that are missed do not fail the run; wrong answers do.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True

from plinth_bench import BUILD, MADE, ROOT, BenchError, machine  # noqa: E402
from plinth_bench.context import Context  # noqa: E402
from plinth_bench.suites import batching, caching, engines, grpc, isolation, life, micro, openinference, pipelines, python, scripts, serving, sklearn, startup  # noqa: E402

SUITES = {
    "startup": startup.run,
    "resnet": serving.run_resnet,
    "cnn": serving.run_cnn,
    "small": serving.run_small,
    "pipeline": serving.run_pipeline,
    "openinference": openinference.run,
    "grpc": grpc.run,
    "batching": batching.run,
    "isolation": isolation.run,
    "life": life.run,
    "cache": caching.run,
    "metrics": micro.run_metrics,
    "engines": engines.run,
    "sklearn": sklearn.run,
    "pipelines": pipelines.run,
    "python": python.run,
    "scripts": scripts.run,
    "micro": micro.run_libraries,
}
FULL_ONLY = {"engines", "micro", "pipelines", "python", "scripts", "sklearn"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short rounds, all in less than two minutes")
    parser.add_argument("--suite", action="append", choices=SUITES, metavar="NAME", help=f"only this (repeatable): {', '.join(SUITES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file too")
    parser.add_argument("--binary", type=Path, default=BUILD / "plinth")
    options = parser.parse_args()
    binary = options.binary.resolve()
    if not binary.is_file():
        parser.error(f"{binary} is not there; run: make bench-quick")
    suites = options.suite or [name for name in SUITES if not (options.quick and name in FULL_ONLY)]
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="plinth-bench-") as scratch:
        context = Context(binary, options.quick, Path(scratch))
        failures = measure(context, suites)
    about = machine.describe(binary)
    print("\n" + "; ".join(f"{key} {value}" for key, value in about.items()) + "\n")
    print(context.table.text())
    print(f"\n{context.table.summary()}\n({time.monotonic() - start:.0f} s)", flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {"machine": about, "quick": options.quick, "failures": failures, "rows": context.table.json()}
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    for name, failure in failures.items():
        print(f"bench: {name} FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


def measure(context: Context, suites: list[str]) -> dict[str, str]:
    """Runs the suites, all of them even if some fail. Returns what failed and why."""
    try:
        make_models()
    except BenchError as error:
        return {"models": str(error)}
    failures = {}
    for name in suites:
        context.say(f"measuring: {name}")
        try:
            SUITES[name](context)
        except (BenchError, OSError) as error:
            failures[name] = str(error)
            context.say(f"{name} FAILED")
    return failures


def make_models() -> None:
    python = BUILD / "bench" / "venv" / "bin" / "python"
    if not python.exists():
        raise BenchError("build/bench/venv is missing; run: scripts/setup bench")
    if subprocess.run([str(python), str(ROOT / "bench" / "make_models.py"), str(MADE)]).returncode != 0:
        raise BenchError("bench/make_models.py failed, see above")


if __name__ == "__main__":
    sys.exit(main())
