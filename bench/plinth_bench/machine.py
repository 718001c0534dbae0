"""Where the figures were taken and with which versions of everything."""

import os
import re
import subprocess
from pathlib import Path

from . import RUNTIME
from .processes import nginx_program


def describe(binary: Path) -> dict[str, str]:
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1])
    system = os.uname()
    return {
        "processors": f"{len(os.sched_getaffinity(0))} x {cpu[1] if cpu else system.machine}",
        "memory": f"{memory * 1024 / 1e9:.0f} GB",
        "kernel": f"{system.sysname} {system.release}",
        "plinth": _said([str(binary), "--version"]).removeprefix("plinth "),
        "ONNX Runtime": RUNTIME.resolve().name.removeprefix("libonnxruntime.so."),
        "nginx": _said([nginx_program(), "-v"]).rpartition("/")[2],
        "wrk": re.search(r"wrk\s+(\S*?\d\S*)", _said(["wrk", "-v"]))[1],
    }


def _said(command: list[str]) -> str:
    result = subprocess.run(command, capture_output=True, text=True)
    return (result.stdout + result.stderr).strip()
