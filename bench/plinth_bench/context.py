"""What every suite is given: the program, how long to measure, where to write, and the table."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import DIGITS, MADE
from .load import Rounds
from .processes import Plinth
from .table import Table

CLIENTS = (1, 8, 32, 128)


@dataclass
class Context:
    binary: Path
    quick: bool
    scratch: Path
    table: Table = field(default_factory=Table)

    @property
    def fast(self) -> Rounds:
        """For what answers in microseconds. Less than half a second is too short: with one client the kernel then has not settled
        yet whether both sides share a processor, which is worth 35 us."""
        return Rounds(0.5, 3) if self.quick else Rounds(2, 5)

    @property
    def heavy(self) -> Rounds:
        """For what takes tens of milliseconds."""
        return Rounds(2, 1) if self.quick else Rounds(8, 3)

    @property
    def starts(self) -> int:
        return 7 if self.quick else 21

    def server(self, *arguments: str | Path) -> Plinth:
        """A plinth that listens and may deploy the digits and the made models."""
        server = Plinth(self.binary, "--model-root", DIGITS, "--model-root", MADE, *arguments)
        server.wait_until_listening()
        return server

    def file(self, name: str, request: bytes) -> Path:
        """The request in a file, for the load."""
        path = self.scratch / f"{name}.http"
        path.write_bytes(request)
        return path

    def say(self, text: str) -> None:
        print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)
