"""Small unary gRPC calls by h2load: inference, our transport alone, and an echo on libgrpc++'s asynchronous interface."""

import json
import os
import re
import statistics
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from .. import TOOLS, BenchError
from ..context import Context
from ..load import Figures, in_turns
from ..models import PIPELINE
from ..processes import HttpServer, free_port
from ..table import at_least

LOADS = ((1, 1), (16, 1), (16, 8))  # connections, streams of each
INFER = "/inference.GRPCInferenceService/ModelInfer"


class Echo(HttpServer):
    """bench/grpc_echo.cc or bench/libgrpc_echo.cc, with as many threads as processors."""

    def __init__(self, program: str) -> None:
        port = free_port()
        super().__init__(port, [str(TOOLS / program), str(port), str(os.cpu_count())])
        self.wait_until_listening()


def run(context: Context) -> None:
    rounds = context.fast
    with context.server() as server, Echo("grpc_echo") as transport, Echo("libgrpc_echo") as library:
        PIPELINE.serve(server)
        message = _infer_request(server)
        request = _file(context, "infer", message)  # the echoes are sent the same bytes
        targets = {"plinth": (server, INFER, request), "transport": (transport, "/bench.Echo/Unary", request),
                   "libgrpc++": (library, "/bench.Echo/Unary", request)}
        for target in targets.values():
            _check(*target)
        measures: dict[tuple[str, int, int], Callable[[], Figures]] = {
            (name, *load): lambda target=target, load=load: _by_h2load(context, *target, *load, rounds.seconds)
            for load in LOADS
            for name, target in targets.items()
        }
        taken = in_turns(measures, rounds.count)
    table = context.table
    table.section(f"Small unary gRPC: inference of {PIPELINE.title}, echoes of the same {len(message)} bytes")
    for connections, streams in LOADS:
        load = f"{connections} connections x {streams} streams"
        base = taken["libgrpc++", connections, streams]
        for name, what in (("plinth", "inference"), ("transport", "echo on our transport")):
            figures = taken[name, connections, streams]
            target = at_least(3) if name == "plinth" and streams > 1 else None
            table.add(f"{what}, {load}", clients=connections * streams, figures=figures, against="libgrpc++",
                      ratio=figures.requests_per_s / base.requests_per_s, target=target)
        table.add(f"echo on libgrpc++, {load}", clients=connections * streams, figures=base)


def _file(context: Context, name: str, message: bytes) -> Path:
    path = context.scratch / f"{name}.grpc"
    path.write_bytes(b"\0" + struct.pack(">I", len(message)) + message)
    return path


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited field of fewer than 2^14 bytes."""
    size = len(value)
    return bytes([number << 3 | 2]) + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + value


def _infer_request(server: HttpServer) -> bytes:
    """inference.ModelInferRequest (proto/open_inference.proto) for one row."""
    status, answer = server.ask("GET", f"/v2/models/{PIPELINE.name}")
    if status != 200:
        raise BenchError(f"no metadata of {PIPELINE.name}: {answer.decode()}")
    tensor = json.loads(answer)["inputs"][0]
    code = {"FP32": "f", "FP64": "d"}[tensor["datatype"]]
    shape = bytes([1, len(PIPELINE.row)])
    described = _field(1, tensor["name"].encode()) + _field(2, tensor["datatype"].encode()) + _field(3, shape)
    row = struct.pack(f"<{len(PIPELINE.row)}{code}", *PIPELINE.row)
    return _field(1, PIPELINE.name.encode()) + _field(5, described) + _field(7, row)


def _headers() -> list[str]:
    return ["-H", "content-type: application/grpc", "-H", "te: trailers"]


def _check(server: HttpServer, path: str, message: Path) -> None:
    command = ["curl", "-s", "-v", "--http2-prior-knowledge", *_headers(), "--data-binary", f"@{message}", "-o", os.devnull,
               f"http://127.0.0.1:{server.port}{path}"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    if "grpc-status: 0" not in said:
        raise BenchError(f"{path} fails: {said[-2000:]}")


def _by_h2load(context: Context, server: HttpServer, path: str, message: Path, connections: int, streams: int,
               seconds: float) -> Figures:
    log = context.scratch / "h2load.log"
    log.unlink(missing_ok=True)
    whole = max(1, round(seconds))  # h2load takes whole seconds only
    before = server.cpu_seconds()
    command = ["h2load", "-D", str(whole), "--warm-up-time=0", "-c", str(connections), "-m", str(streams), "-t", "1", *_headers(),
               "-d", str(message), f"--log-file={log}", f"http://127.0.0.1:{server.port}{path}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    cpu = server.cpu_seconds() - before
    done = int(re.search(r"(\d+) succeeded", said)[1])
    if done == 0 or int(re.search(r"(\d+) failed", said)[1]) > 0:
        raise BenchError(f"calls failed under load: {said[-2000:]}")
    times = sorted(int(line.rsplit("\t", 1)[1]) for line in log.read_text().splitlines())
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    return Figures(done / whole, float(statistics.median(times)), float(p99), cpu * 1e6 / done)
