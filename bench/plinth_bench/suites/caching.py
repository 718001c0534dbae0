"""What the answer cache brings to requests that repeat, what it costs those that do not, and how well it chooses what to keep."""

import re
import subprocess

from .. import TOOLS, BenchError
from ..context import Context
from ..load import in_turns, under_load
from ..models import CNN, SMALL, Model
from ..processes import Plinth
from ..table import at_least

ENTRIES = 100_000
ALPHA = "0.9"  # of the Zipf traces that are shown
SIZES = (1_000, 10_000)  # entries, of 100,000 keys


def run(context: Context) -> None:
    for model in (SMALL,) if context.quick else (SMALL, CNN):  # the cheaper the model, the more the cache's own cost shows
        _paths(context, model)
    _hit_ratios(context)


def _paths(context: Context, model: Model, clients: int = 32) -> None:
    rounds = context.fast
    with context.server() as server:
        with model.bare(context.scratch, threads=1) as bare:
            model.serve(server, bare.output, served_as="cached", cache_size=ENTRIES)
            model.serve(server, bare.output, served_as="uncached", cache_size=0)
        requests = {
            "off": context.file("off", model.request("uncached", unique=True)),
            "miss": context.file("miss", model.request("cached", unique=True)),
            "hit": context.file("hit", model.request("cached")),
        }
        _require_hits(server.ask("POST", "/predict/cached", model.body())[1])
        before = _hits(server)
        under_load(server, requests["miss"], clients, rounds.seconds / 2)
        under_load(server, requests["miss"], clients, rounds.seconds / 2)
        if _hits(server) != before:
            raise BenchError("requests that should all differ hit the cache")
        measures = {
            name: lambda request=request: under_load(server, request, clients, rounds.seconds)
            for name, request in requests.items()
        }
        taken = in_turns(measures, 2 * rounds.count)  # three per cent are less than the noise of few rounds
    off, miss, hit = taken["off"], taken["miss"], taken["hit"]
    table = context.table
    table.section(f"Cache of {ENTRIES:,} answers: {model.title}")
    table.add("all requests differ, cache_size 0", clients=clients, figures=off)
    table.add(
        "all requests differ",
        clients=clients,
        figures=miss,
        against="cache_size 0",
        ratio=miss.requests_per_s / off.requests_per_s,
        target=at_least(0.97),
    )
    table.add("all requests hit", clients=clients, figures=hit, against="misses", ratio=hit.requests_per_s / miss.requests_per_s)


def _hits(server: Plinth) -> int:
    text = server.ask("GET", "/metrics")[1].decode()
    return int(re.search(r'^model_cache_hits_total\{model="cached"\} (\d+)', text, re.MULTILINE)[1])


def _require_hits(answer: bytes) -> None:
    if b'"cached":true' not in answer:
        raise BenchError(f"an equal request is not answered from the cache: {answer[:300].decode()}")


def _hit_ratios(context: Context) -> None:
    """From bench/cache_bench.cc: shares of hits on a trace, by LRU, by ours and by the optimum that knows the future."""
    requests = 200_000 if context.quick else 1_000_000
    text = subprocess.run([str(TOOLS / "cache_bench"), "ratios", str(requests)], capture_output=True, text=True, check=True).stdout
    context.table.section(f"Cache, share of hits: {requests:,} requests over 100,000 keys")
    for name in (f"zipf {ALPHA}", f"zipf {ALPHA}, scans"):
        for entries in SIZES:
            found = re.search(rf"^{re.escape(name)}\s+{entries}\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", text, re.MULTILINE)
            if not found:
                raise BenchError(f"cache_bench did not print {name} with {entries} entries:\n{text}")
            lru, ours, optimum = (float(share) for share in found.groups())
            what = f"{name}, {entries:,} entries kept: ours"
            context.table.add(what, value=ours, against=f"LRU {lru:.3f}", ratio=ours / lru, target=at_least(1))
            context.table.add(what, value=ours, against=f"optimum {optimum:.3f}", ratio=ours / optimum)
