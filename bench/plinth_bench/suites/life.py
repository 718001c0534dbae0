"""The life of a model: reloads, the swap, starts from compiled forms, what a load does to a neighbour, what unloading leaves behind."""

import json
import shutil
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import BenchError
from ..context import Context
from ..load import in_turns, under_load
from ..models import CNN, FOREST, KERAS, PIPELINE, RESNET, SMALL, TORCH, Model
from ..processes import Plinth
from ..table import at_most

DIGITS_MODELS = (PIPELINE, FOREST, CNN, KERAS, TORCH)
NEIGHBOUR_CLIENTS = 8
NEIGHBOUR_RATE = 1000
# Until every thread has the arena that it goes on with.
SETTLING_CYCLES = 100
RESTORED = 50


def run(context: Context) -> None:
    reloads(context)
    swap(context)
    starts(context)
    restore(context)
    neighbour(context)
    cycles(context)


def done(server: Plinth, method: str, path: str, body: dict | None = None) -> dict:
    status, answer = server.ask(method, path, None if body is None else json.dumps(body).encode())
    if status not in (200, 201):
        raise server.failed(f"{method} {path} answers {status}: {answer.decode()}")
    return json.loads(answer)


def timed(action: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def reloads(context: Context) -> None:
    context.table.section("Reload of the digits models: request to answer, by then the new one serves (medians)")
    count = 5 if context.quick else 21
    with context.server("--compiled-cache", context.scratch / "reloads") as server:
        for model in DIGITS_MODELS:
            model.serve(server)
            times = [timed(lambda model=model: done(server, "POST", f"/models/{model.name}/reload")) for _ in range(count)]
            context.table.add(model.title, value=statistics.median(times), unit="ms", target=at_most(100, "ms"))


def swap(context: Context) -> None:
    """A client asks without a pause while the model is reloaded from other files. Publishing lies between the sending of the last
    request that the old version answers and the first answer by the new one, so that time bounds the swap."""
    folder = context.scratch / "swap"
    folder.mkdir()
    versions = [PIPELINE.path, FOREST.path]
    request = PIPELINE.request("swap")
    bounds = []
    with Plinth(context.binary, "--model-root", folder) as server:
        server.wait_until_listening()
        shutil.copy(versions[0], folder / "model.joblib")
        server.deploy("swap", Path("model.joblib"))
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for turn in range(10 if context.quick else 50):
                shutil.copy(versions[(turn + 1) % 2], folder / "model.joblib")
                bounds.append(_swap_ms(server, connection, request))
    context.table.section(f"The swap: last request to the old version to first answer by the new ({len(bounds)} reloads under requests)")
    context.table.add("median", value=statistics.median(bounds), unit="ms", target=at_most(1, "ms"))
    context.table.add("slowest", value=max(bounds), unit="ms")


def _swap_ms(server: Plinth, connection: socket.socket, request: bytes) -> float:
    reload = threading.Thread(target=done, args=(server, "POST", "/models/swap/reload"))
    started = False
    old, last = b"", 0.0
    while True:
        sent = time.perf_counter()
        connection.sendall(request)
        answer = connection.recv(65536)
        answered = time.perf_counter()
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise server.failed(f"a request failed during a reload: {answer[:500].decode(errors='replace')}")
        outputs = answer[answer.index(b'"outputs"') : answer.index(b'"latency_ms"')]
        if not started:
            old, started = outputs, True
            reload.start()
        elif outputs != old:
            reload.join()
            return (answered - last) * 1000
        last = sent
        if answered - sent > 60:
            raise BenchError("the reload changes nothing")


@contextmanager
def _folder_of(context: Context, model: Model, name: str) -> Iterator[Path]:
    """A folder for --models with this one in it."""
    folder = context.scratch / name
    folder.mkdir()
    (shutil.copytree if model.path.is_dir() else shutil.copy)(model.path, folder / f"{model.name}{model.path.suffix}")
    yield folder
    shutil.rmtree(folder)


def _start(context: Context, model: Model, folder: Path, *options: str | Path) -> tuple[float, float]:
    """Milliseconds from exec to the first answer, and of the load alone."""
    with Plinth(context.binary, "--models", folder, *options) as server:
        server.wait_until_listening()
        while server.ask("GET", "/ready")[0] != 200:
            time.sleep(0.001)
        status, answer = server.ask("POST", f"/predict/{model.name}", model.body(), model.content_type())
        first = (time.perf_counter() - server.start) * 1000
        if status != 200:
            raise server.failed(f"{model.name} answers {status}: {answer[:500].decode(errors='replace')}")
        (version,) = done(server, "GET", f"/models/{model.name}")["versions"]
        if "--compiled-cache" in options and version.get("compiled_cache") not in ("hit", "stored"):
            raise BenchError(f"{model.name} had nothing of the compiled-model cache")
        return first, version["load_ms"]


def starts(context: Context) -> None:
    context.table.section("Start with one large model: exec to first answer, without and with its compiled form (medians)")
    count = 5 if context.quick else 11
    for model in (RESNET, KERAS):
        kept = context.scratch / f"compiled-{model.name}"
        with _folder_of(context, model, f"start-{model.name}") as folder:
            _start(context, model, folder, "--compiled-cache", kept)
            cold, warm = [], []
            for _ in range(count):
                cold.append(_start(context, model, folder))
                warm.append(_start(context, model, folder, "--compiled-cache", kept))
        for what, index in (("start", 0), ("load and warm-up", 1)):
            without, with_form = (statistics.median(times[index] for times in taken) for taken in (cold, warm))
            context.table.add(f"{model.title}: {what}", value=without, unit="ms")
            context.table.add(
                f"{model.title}: {what}, compiled before",
                value=with_form,
                unit="ms",
                against="without",
                ratio=with_form / without,
                target=at_most(0.8),
            )


def restore(context: Context) -> None:
    """What was deployed is there again after a kill -9."""
    state = context.scratch / "restore.db"
    with context.server("--state", state) as server:
        for i in range(RESTORED):
            PIPELINE.serve(server, served_as=f"m{i}")
        server.process.kill()
        server.process.wait()
    times = []
    for _ in range(5):
        with context.server("--state", state) as server:
            while server.ask("GET", "/ready")[0] != 200:
                time.sleep(0.001)
            times.append((time.perf_counter() - server.start) * 1000)
            serving = [m["name"] for m in done(server, "GET", "/models")["models"] if m["versions"][0]["state"] == "ready"]
            if len(serving) != RESTORED:
                raise server.failed(f"{len(serving)} of {RESTORED} models were restored")
            server.process.kill()
            server.process.wait()
    context.table.section(f"Restore of {RESTORED} deployments at start: {PIPELINE.title}")
    context.table.add("exec to all of them ready (median)", value=statistics.median(times), unit="ms", target=at_most(250, "ms"))


def neighbour(context: Context) -> None:
    """A cheap model while a large one is loaded, again and again, in its own place."""
    cheap = context.file("neighbour", SMALL.request())
    rounds = context.heavy
    with context.server() as server:
        with SMALL.bare(context.scratch, threads=1) as bare:
            SMALL.serve(server, bare.output)
        loads: list[float] = []

        def beside_loads():
            stop = threading.Event()

            def load() -> None:
                while not stop.is_set():
                    body = {"name": "resnet", "path": str(RESNET.path), "replace": True}
                    loads.append(timed(lambda: done(server, "POST", "/models", body)))

            loader = threading.Thread(target=load)
            loader.start()
            try:
                return under_load(server, cheap, NEIGHBOUR_CLIENTS, rounds.seconds, NEIGHBOUR_RATE)
            finally:
                stop.set()
                loader.join()

        taken = in_turns(
            {
                "alone": lambda: under_load(server, cheap, NEIGHBOUR_CLIENTS, rounds.seconds, NEIGHBOUR_RATE),
                "beside": beside_loads,
            },
            rounds.count,
        )
    table = context.table
    table.section(f"A cheap model beside loads of a large one: {SMALL.title}, {NEIGHBOUR_RATE:,} requests/s, and {RESNET.title}")
    table.add("no load", clients=NEIGHBOUR_CLIENTS, figures=taken["alone"])
    table.add(
        f"loaded without a pause, {statistics.median(loads):.0f} ms each",
        clients=NEIGHBOUR_CLIENTS,
        figures=taken["beside"],
        against="p99 alone",
        ratio=taken["beside"].p99_us / taken["alone"].p99_us,
        target=at_most(2),
    )


def cycles(context: Context) -> None:
    count = 200 if context.quick else 1000
    context.table.section(f"Resident memory over {count:,} loads and unloads")
    for model in (PIPELINE, CNN):
        with context.server() as server:

            def cycle(times: int, server: Plinth = server, model: Model = model) -> float:
                for _ in range(times):
                    server.deploy("m", model.path)
                    done(server, "DELETE", "/models/m")
                time.sleep(0.2)  # the last unload is not waited for
                return server.memory_mb()

            before = cycle(SETTLING_CYCLES)
            after = cycle(count)
        context.table.add(f"{model.title}: after {SETTLING_CYCLES}", value=before, unit="MB")
        context.table.add(f"{model.title}: growth over {count:,} more", value=after - before, unit="MB", target=at_most(3, "MB"))
