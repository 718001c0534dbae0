"""The load: rounds by bench/load.cc, in turns over all that is compared, and their medians."""

import json
import statistics
import subprocess
from collections.abc import Callable, Hashable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol, TypeVar

from . import TOOLS, BenchError

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Figures:
    """Of one round, or the medians of several. Times in microseconds."""

    requests_per_s: float
    p50_us: float
    p99_us: float
    cpu_us: float | None = None  # of the measured process, for a request


@dataclass(frozen=True)
class Rounds:
    """How long a round lasts and how many there are."""

    seconds: float
    count: int

    def finer(self) -> "Rounds":
        """As long in all, in more turns: for comparisons that the machine's drift from one round to the next would hide."""
        return Rounds(self.seconds / 3, self.count * 3)


class Endpoint(Protocol):
    """A process that answers HTTP on 127.0.0.1."""

    port: int

    def cpu_seconds(self) -> float: ...


class Load:
    """A running load; its figures once it has ended.

    rate: requests a second, at random times. 0: each client sends again as soon as it is answered.
    """

    def __init__(self, server: Endpoint, request: Path, clients: int, seconds: float, rate: int = 0) -> None:
        self._server = server
        self._cpu = server.cpu_seconds()
        command = [str(TOOLS / "load"), str(server.port), str(request), str(clients), str(seconds), str(rate)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def figures(self) -> Figures:
        output, errors = self._process.communicate()
        if self._process.returncode != 0:
            raise BenchError(f"a request failed under load: {errors.strip()}")
        said = json.loads(output)
        cpu_us = (self._server.cpu_seconds() - self._cpu) * 1e6 / said["requests"]
        return Figures(said["requests_per_s"], said["p50_us"], said["p99_us"], cpu_us)


def under_load(server: Endpoint, request: Path, clients: int, seconds: float, rate: int = 0) -> Figures:
    return Load(server, request, clients, seconds, rate).figures()


def in_turns(measures: dict[Key, Callable[[], Figures]], rounds: int) -> dict[Key, Figures]:
    """Calls each once a round, so that all meet the same noise of the machine. Medians over the rounds."""
    taken: dict[Key, list[Figures]] = {key: [] for key in measures}
    for _ in range(rounds):
        for key, measure in measures.items():
            taken[key].append(measure())
    return {key: medians(figures) for key, figures in taken.items()}


def medians(figures: list[Figures]) -> Figures:
    def median(name: str) -> float | None:
        values = [getattr(f, name) for f in figures]
        return None if None in values else statistics.median(values)

    return Figures(**{f.name: median(f.name) for f in fields(Figures)})
