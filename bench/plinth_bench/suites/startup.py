"""How soon, how small and how fast gone: the server with one small net."""

import shutil
import socket
import statistics

from ..context import Context
from ..models import SMALL
from ..processes import Plinth
from ..table import at_most

IDLE = 32


def run(context: Context) -> None:
    folder = context.scratch / "startup"
    folder.mkdir()
    shutil.copy(SMALL.path, folder / SMALL.path.name)
    bare_ms: list[float] = []
    server_ms: list[float] = []
    memory: list[float] = []
    bare_memory: list[float] = []
    for _ in range(context.starts):
        with SMALL.bare(context.scratch, threads=1) as bare:
            bare_ms.append(bare.first_ms)
            bare_memory.append(bare.resident_mb)
            expected = bare.output
        with Plinth(context.binary, "--models", folder) as server:
            server_ms.append(server.first_answer(SMALL.request()))
            SMALL.check(server.ask("POST", "/predict/small", SMALL.body())[1], expected)
            memory.append(server.memory_mb())
    stop_ms = [_stop(context) for _ in range(context.starts)]
    table = context.table
    table.section(f"Start, memory, end: {SMALL.title} (medians of {context.starts})")
    table.add("bare runtime: exec to first answer", value=statistics.median(bare_ms), unit="ms")
    table.add(
        "plinth serve --models: exec to first 200",
        value=statistics.median(server_ms),
        unit="ms",
        against="bare runtime",
        ratio=statistics.median(server_ms) / statistics.median(bare_ms),
        target=at_most(1.2),
    )
    table.add("bare runtime: resident", value=statistics.median(bare_memory), unit="MB")
    table.add("plinth: resident", value=statistics.median(memory), unit="MB", target=at_most(40, "MB"))
    table.add(
        "SIGTERM to exit, idle keep-alive connections open",
        clients=IDLE,
        value=statistics.median(stop_ms),
        unit="ms",
        target=at_most(100, "ms"),
    )


def _stop(context: Context) -> float:
    """Milliseconds from SIGTERM to the exit of a server whose clients stay connected and ask nothing."""
    with context.server() as server:
        with SMALL.bare(context.scratch, threads=1) as bare:
            SMALL.serve(server, bare.output)
        clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(IDLE)]
        for client in clients:
            client.sendall(SMALL.request())
            if not client.recv(65536).startswith(b"HTTP/1.1 200 "):
                raise server.failed("a client got no answer")
        took = server.end()
        for client in clients:
            client.close()
        return took
