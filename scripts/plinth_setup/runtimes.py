"""The runtimes: fetches the files of scripts/runtimes.lock, checks them, and unpacks what is kept of them.

Two folders. The cache ($XDG_CACHE_HOME or ~/.cache, plinth/downloads) holds whole files whose sha256 was right when they were
put there, so a second clone or a call after a break fetches only what is missing. runtimes/<name>/ is made in a folder beside
it and renamed into place, so it is there whole or not at all; its file .lock is the lock entry it was made from.
"""

import fnmatch
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

from . import SetupError, fetch
from .progress import Steps, megabytes

STAMP = ".lock"


def read_lock(root: Path) -> list[dict]:
    return tomllib.loads((root / "scripts" / "runtimes.lock").read_text())["runtime"]


def outdated(root: Path) -> list[dict]:
    """The runtimes that are not in runtimes/ as the lock file names them."""
    return [r for r in read_lock(root) if not _is_current(root / "runtimes" / r["name"], r)]


def install(root: Path, wanted: list[dict], steps: Steps) -> None:
    cache = cache_folder()
    (root / "runtimes").mkdir(exist_ok=True)
    for runtime in wanted:
        files = []
        for entry in runtime["file"]:
            steps.begin(f"runtimes: {title(entry)} {entry['version']}")
            files.append((entry, fetch.get(entry, cache, steps)))
        steps.begin(f"runtimes: unpacking {runtime['name']}")
        before, after = _unpack(runtime, files, root / "runtimes", steps)
        saved = f", {megabytes(before - after)} MB of debug symbols stripped" if before > after else ""
        steps.done(f"{megabytes(after)} MB kept{saved}")


def title(entry: dict) -> str:
    return entry.get("wheel") or entry.get("npm") or entry["debian"]


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "plinth" / "downloads"


def sweep(root: Path) -> None:
    """Removes what an earlier call left behind when it was killed. The caller holds the turn, so nobody is using it."""
    left = [*cache_folder().glob(f"{fetch.SCRATCH}*"), *(root / "runtimes").glob(".*-*")]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)


def print_sizes(root: Path) -> None:
    print(f"\n{'runtime':<24}{'libraries':>12}{'all':>10}   (MB, under runtimes/)")
    for runtime in read_lock(root):
        folder = root / "runtimes" / runtime["name"]
        title = f"{runtime['name']} {runtime['version']}"
        print(f"{title:<24}{megabytes(_size(folder / 'lib')):>12}{megabytes(_size(folder)):>10}")
    cache = cache_folder()
    print(f"Fetched files are kept for the next clone: {megabytes(_size(cache))} MB in {cache}")
    print(f"  (to clear: rm -r {cache})\n", flush=True)


def _is_current(folder: Path, runtime: dict) -> bool:
    try:
        return (folder / STAMP).read_text() == _stamp(runtime)
    except OSError:
        return False


def _stamp(runtime: dict) -> str:
    return json.dumps(runtime, indent=1, sort_keys=True) + "\n"


def _unpack(runtime: dict, files: list[tuple[dict, Path]], parent: Path, steps: Steps) -> tuple[int, int]:
    """Makes parent/<name> anew. Returns its size before and after stripping."""
    target = parent / runtime["name"]
    fresh = Path(tempfile.mkdtemp(prefix=f".{runtime['name']}-", dir=parent))
    fresh.chmod(0o755)
    try:
        for entry, path in files:
            for source, place in _read(entry, path, fresh, steps):
                (fresh / place).parent.mkdir(parents=True, exist_ok=True)
                source(fresh / place)
        for link, to in runtime.get("links", {}).items():
            (fresh / link).symlink_to(to)
        before = _size(fresh)
        for library in runtime.get("strip", []):
            steps.update("stripping debug symbols")
            subprocess.run(["strip", "--strip-unneeded", str(fresh / library)], check=True)
        after = _size(fresh)
        (fresh / STAMP).write_text(_stamp(runtime))
        old = parent / f".{runtime['name']}-old"
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
        return before, after
    except (OSError, subprocess.CalledProcessError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise SetupError(f"cannot unpack {runtime['name']} into {target}: {error}. Is the disk full?") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _read(entry: dict, path: Path, scratch: Path, steps: Steps):
    """Yields (write(destination), place) for each file that the entry keeps; a rule that matches nothing is an error."""
    if "wheel" in entry:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if not n.endswith("/")]
            for name, place in _kept(entry, names):
                steps.update(place)
                yield lambda to, name=name: _copy(archive.open(name), to), place
        return
    if "npm" in entry:
        with tarfile.open(path) as archive:
            names = [m.name for m in archive.getmembers() if m.isfile()]
            for name, place in _kept(entry, names):
                yield lambda to, name=name: _copy(archive.extractfile(name), to), place
        return
    with tempfile.TemporaryDirectory(dir=scratch.parent, prefix=".deb-") as folder:
        subprocess.run(["dpkg-deb", "-x", str(path), folder], check=True)
        names = [str(p.relative_to(folder)) for p in sorted(Path(folder).rglob("*")) if p.is_file()]
        for name, place in _kept(entry, names):
            yield lambda to, name=name: _copy((Path(folder) / name).open("rb"), to), place


def _kept(entry: dict, names: list[str]):
    for source, place in entry["keep"]:
        if source.endswith("/"):
            found = [(n, place + n.removeprefix(source)) for n in names if n.startswith(source)]
        else:
            found = [(n, place + n.rpartition("/")[2]) for n in names if fnmatch.fnmatchcase(n, source)]
        if not found:
            raise SetupError(f"{entry['file']} holds no '{source}', which scripts/runtimes.lock keeps of it")
        yield from found


def _copy(source, destination: Path) -> None:
    with source, destination.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _size(folder: Path) -> int:
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
