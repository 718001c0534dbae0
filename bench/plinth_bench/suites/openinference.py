"""The Open Inference Protocol over REST: a large input as JSON, behind the JSON and in shared memory, beside the bare runtime."""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .. import BenchError
from ..bare import BareBest
from ..context import Context
from ..load import Figures, in_turns, under_load
from ..models import JSON, LIGHT, RAW, http_request
from ..processes import FixedReply, Plinth
from ..table import Target, at_most

ROUTE = "/v2/models/light/infer"
REGION = "plinth-bench"


@dataclass(frozen=True)
class Form:
    """How the input gets to the server."""

    title: str
    json: bytes
    tail: bytes = b""  # bytes behind the JSON
    with_exchange: bool = True  # whether a bare exchange of the same bytes is taken off what it takes
    own_us: Target | None = None

    def headers(self) -> dict[str, int]:
        return {"Inference_Header_Content_Length": len(self.json)} if self.tail else {}

    def request(self) -> bytes:
        return http_request(ROUTE, self.json + self.tail, RAW if self.tail else JSON, **self.headers())

    def answer_size(self, server: Plinth, expected: list[float]) -> int:
        """Asks once and checks the answer."""
        status, answer = server.ask("POST", ROUTE, self.json + self.tail, RAW if self.tail else JSON, **self.headers())
        if status != 200:
            raise BenchError(f"{self.title} answers {status}: {answer[:500].decode(errors='replace')}")
        LIGHT.check(json.dumps({"outputs": [json.loads(answer)["outputs"][0]["data"]]}).encode(), expected)
        return len(answer)


def run(context: Context) -> None:
    rounds = context.fast
    memory = Path(f"/dev/shm/{REGION}-{os.getpid()}")
    memory.write_bytes(LIGHT.row_bytes())
    try:
        with ExitStack() as stack:
            bare = stack.enter_context(BareBest(LIGHT, context.scratch, (1,), rounds.seconds))
            server = stack.enter_context(context.server("--allow-client-shm"))
            server.deploy("light", LIGHT.path)
            register = {"key": f"/{memory.name}", "offset": 0, "byte_size": len(LIGHT.row_bytes())}
            server.ask("POST", f"/v2/systemsharedmemory/region/{REGION}/register", json.dumps(register).encode())
            forms = _forms()
            measures: dict[object, Callable[[], Figures]] = {"bare": lambda: bare.measure(bare.latency, rounds.seconds)}
            for name, form in forms.items():
                file = context.file(f"light-{name}", form.request())
                exchange = stack.enter_context(FixedReply(form.answer_size(server, bare.output)))
                measures[name, "exchange"] = lambda exchange=exchange, file=file: under_load(exchange, file, 1, rounds.seconds)
                measures[name] = lambda file=file: under_load(server, file, 1, rounds.seconds)
            taken = in_turns(measures, rounds.count)
    finally:
        memory.unlink()
    table = context.table
    table.section(f"Open Inference Protocol over REST: {LIGHT.title}, {len(LIGHT.row_bytes()):,} bytes of FP32")
    table.add(f"bare runtime's best latency: {bare.latency}", figures=taken["bare"])
    for name, form in forms.items():
        table.add(f"bare exchange of the same bytes: {form.title}", clients=1, figures=taken[name, "exchange"])
        table.add(f"plinth: {form.title}", clients=1, figures=taken[name])
        own_us = taken[name].p50_us - taken["bare"].p50_us
        less = "bare call"
        if form.with_exchange:
            own_us -= taken[name, "exchange"].p50_us
            less += " and bare exchange"
        table.add(f"plinth's p50 less {less}: {form.title}", clients=1, value=own_us, unit="us", target=form.own_us)


def _forms() -> dict[str, Form]:
    row = LIGHT.row_bytes()

    def body(**members: object) -> bytes:
        return json.dumps({"inputs": [{"name": "x", "shape": [1, 3, 224, 224], "datatype": "FP32", **members}]}).encode()

    region = {"shared_memory_region": REGION, "shared_memory_byte_size": len(row)}
    return {
        "json": Form("JSON", body(data=LIGHT.row)),
        "binary": Form("binary", body(parameters={"binary_data_size": len(row)}), row, own_us=at_most(60, "us")),
        "shared": Form("shared memory", body(parameters=region), with_exchange=False, own_us=at_most(60, "us")),
    }
