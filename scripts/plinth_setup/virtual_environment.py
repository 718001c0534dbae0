"""Virtual environments under build/, each made from a requirements file that pins what it needs."""

import hashlib
import subprocess
import sys
from pathlib import Path

STAMP = ".requirements"  # holds the hash of the list that the environment was made from


def prepare(folder: Path, requirements: Path) -> Path:
    """The python of the environment in `folder` with `requirements` installed; made anew only when the list changes.

    Needs the Debian package python3-venv. Raises subprocess.CalledProcessError where venv or pip fails.
    """
    python = folder / "bin" / "python"
    if not is_current(folder, requirements):
        print(f"making {folder} from {requirements.parent.name}/{requirements.name}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--requirement", str(requirements)]
        subprocess.run(pip, check=True)
        (folder / STAMP).write_text(_hash(requirements))
    return python


def is_current(folder: Path, requirements: Path) -> bool:
    try:
        return (folder / STAMP).read_text() == _hash(requirements)
    except OSError:
        return False


def _hash(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()
