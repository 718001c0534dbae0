"""Debian packages: which of a list are missing, and their installation with progress."""

import os
import subprocess
from pathlib import Path

from . import SetupError
from .progress import Steps


def missing(lists: list[Path]) -> list[str]:
    """The packages named in the files that are not installed. Takes some tens of milliseconds."""
    names = sorted({line.strip() for path in lists for line in path.read_text().splitlines() if line.strip()})
    try:
        found = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names], capture_output=True, text=True
        ).stdout
    except FileNotFoundError:
        raise SetupError("this is no Debian (dpkg-query is missing); install by hand what scripts/packages*.txt names") from None
    installed = {line.split()[0] for line in found.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def install(names: list[str], steps: Steps) -> None:
    """Installs the packages by apt-get, through sudo when not root."""
    apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-o", "DPkg::Lock::Timeout=600"]
    if os.geteuid() != 0:
        apt = ["sudo", *apt]
    steps.begin("debian packages: reading the lists")
    _run([*apt, "-q", "update"], steps)
    steps.begin(f"debian packages: {len(names)} named and what they need")
    _run([*apt, "-o", "APT::Status-Fd=1", "-q", "--no-install-recommends", "install", *names], steps)


def _run(command: list[str], steps: Steps) -> None:
    """Runs apt-get; its status lines (kind:package:percent:text) become progress, the rest is kept for the error message."""
    output: list[str] = []
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except FileNotFoundError:
        raise SetupError(f"'{command[0]}' is missing; as root, run: apt-get install {' '.join(command[-3:])} ...") from None
    for line in process.stdout:
        kind, _, rest = line.rstrip("\n").partition(":")
        fields = rest.split(":", 2)
        if kind in ("dlstatus", "pmstatus") and len(fields) == 3:
            percent = fields[1].partition(".")[0]
            steps.update(f"{'fetching' if kind == 'dlstatus' else 'installing'} {percent}%  {fields[2]}")
        elif kind != "pmerror":
            output.append(line)
    if process.wait() != 0:
        tail = "".join(output[-15:]).rstrip()
        raise SetupError(f"this command failed:\n  {' '.join(command)}\nIt said:\n{tail}\nMend that and run it again.")
    steps.done()
