"""scikit-learn models by themselves, beside the libraries that they were trained with: bench/sklearn_rates.py."""

import json
import os
import subprocess

from .. import BUILD, ROOT, TOOLS, BenchError
from ..context import Context
from ..table import at_least

FASTER = {"1 row": 50, "10,000 rows": 2, "load": 1}  # than scikit-learn in Python; nobody else may be faster


def run(context: Context) -> None:
    context.table.section("scikit-learn models, one thread, in-process: how many times as fast as in Python")
    python = BUILD / "bench" / "venv" / "bin" / "python"
    environment = {**os.environ, "PLINTH_SKLEARN_BACKEND": str(context.binary.parent / "backends" / "libplinth_sklearn.so")}
    program = subprocess.run([str(python), str(ROOT / "bench" / "sklearn_rates.py"), str(context.fast.seconds / 5),
                              str(TOOLS / "libexecute_often.so")], env=environment, capture_output=True, text=True)  # fmt: skip
    for line in map(json.loads, program.stdout.splitlines()):
        context.table.add(
            f"{line['what']}, {line['how']}",
            value=line["plinth"] * 1e6,
            unit="us",
            against=f"{line['against']}: {line['other'] * 1e6:.4g} us",
            ratio=line["other"] / line["plinth"],
            target=at_least(FASTER[line["how"]] if line["against"] == "scikit-learn" else 1),
        )
    if program.returncode != 0:
        raise BenchError(f"sklearn_rates.py failed: {program.stderr.strip()[-2000:]}")
