"""The parts of bench/run.py. Standard library only.

    table.py      rows, comparisons and targets, and how they are printed
    processes.py  what is measured: plinth, nginx, the fixed reply, the bare runtime
    load.py       the load on them, in turns
    models.py     the models, their requests, and what they must answer
    machine.py    where and with which versions
    suites/       one file for each part of the table
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
TOOLS = BUILD / "bin"  # the C++ programs of bench/
MADE = BUILD / "bench" / "models"  # by bench/make_models.py
DIGITS = ROOT / "examples" / "digits"
RUNTIME = ROOT / "runtimes" / "onnxruntime" / "lib" / "libonnxruntime.so.1"


class BenchError(Exception):
    """What was to be measured does not run or answers wrongly; the message says what."""
