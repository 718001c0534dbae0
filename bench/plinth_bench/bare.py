"""The ways to call the bare runtime, and which of them is its best."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from .load import Figures
from .models import Model

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Way:
    callers: int  # at the same time
    threads: int  # of each call
    rows: int  # of each call

    def __str__(self) -> str:
        def number(n: int, of: str) -> str:
            return f"{n} {of}{'s' * (n > 1)}"

        return f"{number(self.callers, 'caller')} x {number(self.threads, 'thread')}, {number(self.rows, 'row')} a call"


class BareBest:
    """A context manager: the model loaded by the bare runtime once for each number of threads, and its best ways."""

    def __init__(self, model: Model, scratch: Path, rows: Iterable[int], seconds: float) -> None:
        self._stack = ExitStack()
        with ExitStack() as stack:
            self._by_threads = {n: stack.enter_context(model.bare(scratch, n)) for n in sorted({1, CORES})}
            self.output = self._by_threads[1].output
            pairs = sorted({(1, 1), (CORES, 1), (1, CORES)})
            tried = {way: self.measure(way, seconds) for way in (Way(c, t, n) for c, t in pairs for n in rows)}
            self.throughput = max(tried, key=lambda way: tried[way].requests_per_s)
            self.latency = min((way for way in tried if way.callers == way.rows == 1), key=lambda way: tried[way].p50_us)
            self._stack = stack.pop_all()

    def __enter__(self) -> "BareBest":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def measure(self, way: Way, seconds: float) -> Figures:
        return self._by_threads[way.threads].measure(way.callers, way.rows, seconds)
