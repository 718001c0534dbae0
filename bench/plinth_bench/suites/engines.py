"""Every framework's engine: how soon it answers, how much memory and disk it takes."""

import shutil
import statistics
import tempfile
from pathlib import Path

from .. import BUILD, ROOT, BenchError
from ..context import Context
from ..models import CNN, FOREST, KERAS, PIPELINE, TORCH, Model
from ..processes import Plinth

MODELS = (PIPELINE, FOREST, CNN, KERAS, TORCH)
ROWS = 64  # of the request after which the memory is taken


def run(context: Context) -> None:
    table = context.table
    table.section(f"From exec to the first right answer, files in the page cache (medians of {context.starts})")
    for model in MODELS:
        table.add(model.title, value=statistics.median(_start_ms(context, model) for _ in range(context.starts)), unit="ms")
    table.section(f"Resident memory after a request of {ROWS} rows")
    for title, models in (("nothing loaded", ()), *((m.title, (m,)) for m in MODELS), ("all of these", MODELS)):
        table.add(title, value=_resident_mb(context, models), unit="MB")
    table.section("On disk: program and libraries, no headers")
    for name, path in _installed():
        table.add(name, value=_megabytes(path), unit="MB")


def _start_ms(context: Context, model: Model) -> float:
    with tempfile.TemporaryDirectory(dir=context.scratch) as name:
        target = Path(name) / "m" / "1"
        if model.path.is_dir():
            shutil.copytree(model.path, target)
        else:
            target.mkdir(parents=True)
            shutil.copy(model.path, target)
        with Plinth(context.binary, "--models", name) as server:
            took = server.first_answer(model.request(served_as="m"))
            model.check(server.ask("POST", "/predict/m", model.body())[1], model.expected)
    return took


def _resident_mb(context: Context, models: tuple[Model, ...]) -> float:
    with context.server() as server:
        for model in models:
            model.serve(server)
            status, answer = server.ask("POST", f"/predict/{model.name}", model.body(rows=ROWS))
            if status != 200:
                raise BenchError(f"{model.name} answers {ROWS} rows with {status}: {answer[:500].decode(errors='replace')}")
        return server.memory_mb()


def _installed() -> list[tuple[str, Path]]:
    parts = [("plinth", BUILD / "plinth")]
    parts += [(f"backend {f.stem.removeprefix('libplinth_')}", f) for f in sorted((BUILD / "backends").glob("*.so"))]
    return parts + [(f"runtime {f.name}", f / "lib") for f in sorted((ROOT / "runtimes").glob("*")) if (f / "lib").is_dir()]


def _megabytes(path: Path) -> float:
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file() and not f.is_symlink()]
    return sum(f.stat().st_size for f in files) / 1e6
