"""Numbered steps, each a line that is rewritten in place on a terminal and repeated now and then elsewhere."""

import os
import shutil
import sys
import time

PIPE_INTERVAL_S = 10.0
TERMINAL_INTERVAL_S = 0.1


class Steps:
    """Shows "[2/5] runtimes: torch 2.15.0  412 of 539 MB". One step is open at a time; begin() opens the next."""

    def __init__(self, total: int):
        self._total = total
        self._number = 0
        self._title = ""
        self._shown = 0.0
        self._began = 0.0
        self._terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def begin(self, title: str) -> None:
        self._number += 1
        self._title = title
        self._began = self._shown = time.monotonic()
        self._write("", end="" if self._terminal else "\n")

    def update(self, detail: str) -> None:
        now = time.monotonic()
        if now - self._shown >= (TERMINAL_INTERVAL_S if self._terminal else PIPE_INTERVAL_S):
            self._shown = now
            self._write(detail, end="" if self._terminal else "\n")

    def done(self, detail: str = "done") -> None:
        self._write(f"{detail} ({time.monotonic() - self._began:.0f} s)", end="\n")

    def _write(self, detail: str, end: str) -> None:
        line = f"[{self._number}/{self._total}] {self._title}  {detail}".rstrip()
        if self._terminal:
            line = "\r\033[K" + line[: shutil.get_terminal_size().columns - 1]
        print(line, end=end, flush=True)


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f}" if size >= 10e6 else f"{size / 1e6:.1f}"
