"""Models in JavaScript: what a call with large tensors takes beyond the exchange of its bytes, and how long code takes to load."""

import statistics
import struct
import time
from contextlib import ExitStack

from .. import BenchError
from ..context import Context
from ..load import in_turns, under_load
from ..models import RAW, http_request
from ..processes import FixedReply, Plinth
from ..table import at_most

ELEMENTS = 262_144  # 1 MiB of float32
HEAD = """export const signature = {inputs: {x: {dtype: "float32", shape: [-1]}}, outputs: {y: {dtype: "float32", shape: [-1]}}};
"""
MODELS = {
    "identity": ("gives the input back", "export const predict = ({x}: {x: Tensor}) => ({y: x});"),
    "scale": ("multiplies it", "export const predict = ({x}: {x: Tensor}) => { const y = x.data.slice(); for (let i = 0; i < y.length; i++) y[i] *= 2; return {y}; };"),
}


def run(context: Context) -> None:
    rounds = context.fast
    row = struct.pack(f"<{ELEMENTS}f", *(i % 1000 for i in range(ELEMENTS)))
    with ExitStack() as stack:
        server = stack.enter_context(context.server("--model-root", context.scratch))
        exchange = stack.enter_context(FixedReply(len(row)))
        measures, loads = {}, {}
        for name, (_, code) in MODELS.items():
            file = context.scratch / f"{name}.ts"
            file.write_text(HEAD + code)
            server.deploy(name, file)
            _check(server, name, row)
            loads[name] = _reload_ms(server, name, context.starts)
            request = context.file(name, http_request(f"/predict/{name}", row, RAW, Accept=RAW))
            measures[name] = lambda request=request: under_load(server, request, 1, rounds.seconds)
            measures[name, "exchange"] = lambda request=request: under_load(exchange, request, 1, rounds.seconds)
        taken = in_turns(measures, rounds.count)
    table = context.table
    table.section("JavaScript: 1 MiB of FP32 in and out, as raw tensors")
    table.add("bare exchange of the same bytes", clients=1, figures=taken["identity", "exchange"])
    for name, (title, _) in MODELS.items():
        own_us = taken[name].p50_us - taken[name, "exchange"].p50_us
        target = at_most(1000, "us") if name == "identity" else None
        table.add(f"plinth: {title}", clients=1, figures=taken[name])
        table.add(f"plinth's p50 less bare exchange: {title}", clients=1, value=own_us, unit="us", target=target)
    table.add("load of a TypeScript file, virtual machine included", value=loads["scale"], unit="ms", target=at_most(50, "ms"))


def _check(server: Plinth, name: str, row: bytes) -> None:
    status, answer = server.ask("POST", f"/predict/{name}", row, RAW, Accept=RAW)
    factor = 1 if name == "identity" else 2
    if status != 200 or struct.unpack("<1000f", answer[:4000]) != tuple(factor * i for i in range(1000)) or len(answer) != len(row):
        raise BenchError(f"{name} answers {status}: {answer[:500]!r}")


def _reload_ms(server: Plinth, name: str, count: int) -> float:
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        status, answer = server.ask("POST", f"/models/{name}/reload", b"{}")
        taken.append((time.perf_counter() - start) * 1000)
        if status != 200:
            raise BenchError(f"{name} is not loaded again: {answer[:500].decode(errors='replace')}")
    return statistics.median(taken)
