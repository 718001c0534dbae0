"""Requests by 1 to 128 clients: the server beside the bare runtime, a bare exchange of the same bytes, and nginx."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from ..bare import BareBest
from ..context import CLIENTS, Context
from ..load import Figures, Rounds, in_turns, under_load
from ..models import CNN, PIPELINE, RESNET, SMALL, Model, get_request
from ..processes import FixedReply, HttpServer, Nginx
from ..table import Target, at_least, at_most


@dataclass(frozen=True)
class Targets:
    throughput: Target | None = None  # of more than one client, by the bare runtime's best
    latency: Target | None = None  # p50 of one client, by the bare runtime's best
    own_us: Target | None = None  # p50 of one client beyond the bare call and a bare exchange


def run_resnet(context: Context) -> None:
    rows = (1,) if context.quick else (1, 4)
    targets = Targets(at_least(0.98), at_most(1.05), at_most(60, "us"))
    _beside_runtime(context, RESNET, context.heavy, context.heavy.finer(), rows, targets)


def run_cnn(context: Context) -> None:
    _beside_runtime(context, CNN, context.fast, context.fast, (1, 32), Targets())


def run_small(context: Context) -> None:
    _beside_runtime(context, SMALL, context.fast, context.fast, (1,), Targets(own_us=at_most(60, "us")))
    _beside_nginx(context, SMALL, at_least(0.45), (32,), post_only=True)


def run_pipeline(context: Context) -> None:
    _beside_nginx(context, PIPELINE, at_least(0.6), CLIENTS, post_only=False)


def _beside_runtime(
    context: Context, model: Model, rounds: Rounds, single_rounds: Rounds, rows: tuple[int, ...], targets: Targets
) -> None:
    """The server's rows with what they are of the runtime's best: of its p50 for one client, of its throughput for more."""
    with BareBest(model, context.scratch, rows, rounds.seconds / 2) as bare, context.server() as server:
        answer_size = model.serve(server, bare.output)
        request = context.file(model.name, model.request())
        with FixedReply(answer_size) as exchange:
            single = in_turns(
                {
                    "bare": lambda: bare.measure(bare.latency, single_rounds.seconds),
                    "exchange": lambda: under_load(exchange, request, 1, min(single_rounds.seconds, 0.5)),
                    "plinth": lambda: under_load(server, request, 1, single_rounds.seconds),
                },
                single_rounds.count,
            )
        measures: dict[int, Callable[[], Figures]] = {0: lambda: bare.measure(bare.throughput, rounds.seconds)}
        for clients in CLIENTS[1:]:
            measures[clients] = lambda clients=clients: under_load(server, request, clients, rounds.seconds)
        many = in_turns(measures, rounds.count)
    table = context.table
    table.section(f"{model.title}: {len(model.body()):,} bytes a request{' (raw)' if model.raw else ' of JSON'}")
    table.add(f"bare runtime's best latency: {bare.latency}", figures=single["bare"])
    table.add("bare exchange of the same bytes", clients=1, figures=single["exchange"])
    ratio = single["plinth"].p50_us / single["bare"].p50_us
    table.add("plinth", clients=1, figures=single["plinth"], against="bare p50", ratio=ratio, target=targets.latency)
    own_us = single["plinth"].p50_us - single["bare"].p50_us - single["exchange"].p50_us
    table.add("plinth's p50 less bare call and bare exchange", clients=1, value=own_us, unit="us", target=targets.own_us)
    table.add(f"bare runtime's best throughput: {bare.throughput}", figures=many[0])
    for clients in CLIENTS[1:]:
        ratio = many[clients].requests_per_s / many[0].requests_per_s
        table.add(
            "plinth", clients=clients, figures=many[clients], against="bare requests/s", ratio=ratio, target=targets.throughput
        )


def _beside_nginx(context: Context, model: Model, at_32: Target, clients_of: tuple[int, ...], post_only: bool) -> None:
    """The server's rows with their share of the requests that nginx's `return 200` answers, the same bytes sent to both.

    Unless post_only also GETs, and whether our load generator gets as much out of nginx as wrk does.
    """
    rounds = context.fast
    with context.server() as server, Nginx() as nginx:
        expected = None
        if model.expected is None:
            with model.bare(context.scratch, threads=1) as bare:
                expected = bare.output
        model.serve(server, expected)
        request = context.file(model.name, model.request())
        targets = {"plinth": (server, request), "POST": (nginx, request)}
        if not post_only:
            targets["GET"] = (nginx, context.file("get", get_request("/")))
        measures: dict[tuple[str, int], Callable[[], Figures]] = {
            (name, clients): lambda target=target, clients=clients: under_load(*target, clients, rounds.seconds)
            for clients in clients_of
            for name, target in targets.items()
        }
        if not post_only:
            measures["wrk", 32] = lambda: _by_wrk(nginx, 32, rounds.seconds)
        taken = in_turns(measures, rounds.count)
    table = context.table
    table.section(f"{model.title}, beside nginx `return 200`: {len(model.body()):,} bytes a request of JSON")
    for clients in clients_of:
        post = taken["POST", clients]
        ratio = taken["plinth", clients].requests_per_s / post.requests_per_s
        target = at_32 if clients == 32 else None
        table.add(
            "plinth", clients=clients, figures=taken["plinth", clients], against="nginx, POST", ratio=ratio, target=target
        )
        table.add("nginx, POST of the same bytes", clients=clients, figures=post)
        if not post_only:
            table.add("nginx, GET", clients=clients, figures=taken["GET", clients])
    if not post_only:
        ratio = taken["wrk", 32].requests_per_s / taken["GET", 32].requests_per_s
        what = "nginx, GET, by wrk instead of our load"
        table.add(what, clients=32, figures=taken["wrk", 32], against="by ours", ratio=ratio)


def _by_wrk(server: HttpServer, clients: int, seconds: float) -> Figures:
    """GETs from a load generator that others know."""
    whole = max(1, round(seconds))  # wrk takes whole seconds only
    before = server.cpu_seconds()
    command = ["wrk", "-t1", f"-c{clients}", f"-d{whole}s", "--latency", f"http://127.0.0.1:{server.port}/"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    units = {"us": 1, "ms": 1e3, "s": 1e6}
    latency = {p: float(v) * units[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)}
    requests = int(re.search(r"(\d+) requests in", text)[1])
    cpu_us = (server.cpu_seconds() - before) * 1e6 / requests
    return Figures(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), latency["50"], latency["99"], cpu_us)
