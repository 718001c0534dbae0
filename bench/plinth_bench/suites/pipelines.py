"""Pipelines: three steps of three frameworks against these steps alone and against three calls over HTTP, and a pipeline against
its slowest member."""

import json
import statistics
import struct
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .. import DIGITS, BenchError
from ..context import Context
from ..load import Figures, in_turns, under_load
from ..models import JSON, RAW, RESNET, http_request
from ..processes import FixedReply, Plinth
from ..table import at_least, at_most

EXAMPLE = DIGITS.parent / "pipelines" / "digits-images"
MEMBERS = {"preprocess": "preprocess.ts", "features": "features.onnx", "classify": "classifier.joblib"}
STEPS = " -> ".join(("TypeScript", "ONNX", "scikit-learn"))
TRACED = 1000


@dataclass(frozen=True)
class Call:
    """A request, checked, with the size of its answer."""

    name: str
    body: bytes
    answer: bytes
    accept: str

    def file(self, context: Context) -> Path:
        return context.file(self.name, http_request(f"/predict/{self.name}", self.body, RAW, Accept=self.accept))


def run(context: Context) -> None:
    _run_three_steps(context)
    _run_slowest_member(context)


def _run_three_steps(context: Context) -> None:
    rounds = context.fast.finer()
    with ExitStack() as stack:
        server = stack.enter_context(context.server("--model-root", context.scratch, "--model-root", EXAMPLE))
        for name, file in MEMBERS.items():
            server.deploy(name, EXAMPLE / file)
        _deploy_pipeline(context, server, "digits", {"steps": list(MEMBERS)})
        calls = _calls(server)
        measures = {}
        for call in calls.values():
            file = call.file(context)
            exchange = stack.enter_context(FixedReply(len(call.answer)))
            measures[call.name] = lambda file=file: under_load(server, file, 1, rounds.seconds)
            measures[call.name, "exchange"] = lambda file=file, exchange=exchange: under_load(exchange, file, 1, rounds.seconds)
        taken = in_turns(measures, rounds.count)
        between_us = _between_steps_us(server, calls["digits"])
    own = {name: taken[name].p50_us - taken[name, "exchange"].p50_us for name in calls}
    table = context.table
    table.section(f"a pipeline of three deployed models, {STEPS}: one 8x8 picture")
    for name, file in MEMBERS.items():
        table.add(f"plinth: {file} alone", clients=1, figures=taken[name])
        table.add(f"its p50 less a bare exchange of the same bytes: {file}", clients=1, value=own[name], unit="us")
    table.add("plinth: the pipeline", clients=1, figures=taken["digits"])
    parts = sum(own[name] for name in MEMBERS)
    table.add("its p50 less a bare exchange of the same bytes", clients=1, value=own["digits"], unit="us", against="sum of its steps",
              ratio=own["digits"] / parts, target=at_most(1.1))
    calls_us = sum(taken[name].p50_us for name in MEMBERS)
    table.add("the pipeline's p50", clients=1, value=taken["digits"].p50_us, unit="us", against="sum of three HTTP calls",
              ratio=taken["digits"].p50_us / calls_us)
    table.add("from the end of one step to the begin of the next, by the trace", clients=1, value=between_us, unit="us",
              target=at_most(50, "us"))


def _deploy_pipeline(context: Context, server: Plinth, name: str, pipeline: dict) -> None:
    folder = context.scratch / name
    folder.mkdir()
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    server.deploy(name, folder)


def _calls(server: Plinth) -> dict[str, Call]:
    """Of the steps, each with what the one before gave, and of the pipeline, which must answer as the last of them."""
    recorded = json.loads((DIGITS / "test_images.json").read_text())["images"][0]
    picture = bytes(round(value * 255 / 16) for line in recorded for value in line)
    first = _call(server, "preprocess", picture, RAW)
    second = _call(server, "features", first.answer, RAW)
    wide = _type_of_input(server, "classify") == "FP64"
    features = struct.unpack(f"<{len(second.answer) // 4}f", second.answer)
    third = _call(server, "classify", struct.pack(f"<{len(features)}d", *features) if wide else second.answer, JSON)
    whole = _call(server, "digits", picture, JSON)
    if json.loads(whole.answer)["outputs"] != json.loads(third.answer)["outputs"]:
        raise BenchError(f"the pipeline answers {whole.answer[:300]!r}, its last step {third.answer[:300]!r}")
    return {call.name: call for call in (first, second, third, whole)}


def _call(server: Plinth, name: str, body: bytes, accept: str) -> Call:
    status, answer = server.ask("POST", f"/predict/{name}", body, RAW, Accept=accept)
    if status != 200:
        raise BenchError(f"{name} answers {status}: {answer[:500]!r}")
    return Call(name, body, answer, accept)


def _type_of_input(server: Plinth, name: str) -> str:
    return json.loads(server.ask("GET", f"/v2/models/{name}")[1])["inputs"][0]["datatype"]


def _between_steps_us(server: Plinth, call: Call) -> float:
    picture = [[[[value] for value in call.body[row * 8 : row * 8 + 8]] for row in range(8)]]
    body = json.dumps({"inputs": picture, "trace": True}).encode()
    gaps = []
    for _ in range(TRACED):
        status, answer = server.ask("POST", "/predict/digits", body)
        if status != 200:
            raise BenchError(f"digits answers {status}: {answer[:500]!r}")
        trace = json.loads(answer)["trace"]
        gaps += [1000 * (after["start_ms"] - before["start_ms"] - before["ms"]) for before, after in zip(trace, trace[1:])]
    return statistics.median(gaps)


def _run_slowest_member(context: Context) -> None:
    rounds = context.heavy.finer()
    steps = [RESNET.name, {"builtin": "softmax"}, {"builtin": "top_k", "options": {"k": 5}}]
    with context.server("--model-root", context.scratch) as server:
        server.deploy(RESNET.name, RESNET.path)
        _deploy_pipeline(context, server, "top5", {"steps": steps})
        requests = {name: _call(server, name, RESNET.row_bytes(), JSON).file(context) for name in (RESNET.name, "top5")}
        measures = {}
        for clients in (1, 8):
            for name, request in requests.items():
                measures[name, clients] = lambda request=request, clients=clients: under_load(server, request, clients, rounds.seconds)
        taken: dict[tuple[str, int], Figures] = in_turns(measures, rounds.count)
    table = context.table
    table.section(f"a pipeline against its slowest member: {RESNET.title} -> softmax -> top_k")
    for clients in (1, 8):
        alone, whole = taken[RESNET.name, clients], taken["top5", clients]
        table.add("plinth: the member alone", clients=clients, figures=alone)
        table.add("plinth: the pipeline", clients=clients, figures=whole, against="the member's requests/s",
                  ratio=whole.requests_per_s / alone.requests_per_s, target=at_least(0.95))
