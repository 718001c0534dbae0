"""Python models in processes of their own and in the server's: a call there and back, from C++ to Python and without HTTP
(bench/call_model.cc)."""

import json
import os
import subprocess

from .. import BUILD, TOOLS, BenchError
from ..context import Context
from ..load import Figures
from ..table import at_most

MIB = 1 << 20
SIGNATURE = 'signature = {"inputs": {"x": ("float32", [-1])}, "outputs": {"y": ("float32", [-1])}}\n'
MODELS = {
    "gives the input back": "def predict(inputs):\n    return inputs['x']\n",
    "gives a new array": "def predict(inputs):\n    return inputs['x'] * 2\n",
}


def run(context: Context) -> None:
    for isolation in ("process", "thread"):
        context.table.section(f"Python {isolation}: a call from C++ and back, in-process")
        for i, (what, code) in enumerate(MODELS.items()):
            file = context.scratch / f"python{i}.py"
            file.write_text(SIGNATURE + code)
            for size, name in ((16, "16 bytes"), (MIB, "1 MiB")):
                figures = _call(file, size, context.fast.seconds, isolation)
                target = at_most(1000, "us") if size == MIB else None
                context.table.add(f"{what}, {name}", clients=1, figures=figures, value=figures.p50_us, unit="us", target=target)


def _call(model: os.PathLike, size: int, seconds: float, isolation: str) -> Figures:
    command = [TOOLS / "call_model", BUILD / "backends", "python", model, str(size), str(seconds), f"isolation={isolation}"]
    environment = {**os.environ, "PLINTH_PYTHON": str(BUILD / "bench" / "venv")}
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    if result.returncode != 0:
        raise BenchError(f"call_model: {result.stderr.strip()}")
    taken = json.loads(result.stdout)
    return Figures(taken["calls_per_s"], taken["p50_us"], taken["p99_us"])
