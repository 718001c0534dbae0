"""A virtual environment with what a model's requirements.txt asks for: made once, and used by all whose file is the same.

Needs nothing but the standard library.
"""

import fcntl
import hashlib
import os
import shutil
import site
import subprocess
import sys
from collections import deque

_COMPLETE = "plinth-complete"  # the file that is written last
_LINES_SHOWN = 6


class NoEnvironment(Exception):
    pass


def enter(folder):
    """Goes on in the environment of requirements.txt, below `folder`: returns only inside it."""
    folder = os.path.realpath(folder)
    if os.path.dirname(os.path.realpath(sys.prefix)) == folder:
        return
    try:
        place = _prepare(folder)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoEnvironment(f"the environment for requirements.txt cannot be made: {error}") from None
    python = os.path.join(place, "bin", "python")
    os.execv(python, [python, "-X", "utf8", "-u", *sys.argv])


def _prepare(folder):
    try:
        with open("requirements.txt", "rb") as file:
            text = file.read()
    except OSError as error:
        raise NoEnvironment(f"option 'requirements' is true, and requirements.txt beside the model cannot be read: {error.strerror}") from None
    about = f"{sys.executable} {sys.version}".encode()
    place = os.path.join(folder, hashlib.sha256(about + b"\0" + text).hexdigest()[:32])
    os.makedirs(folder, exist_ok=True)
    with open(place + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other instances, and other servers
        if not os.path.exists(os.path.join(place, _COMPLETE)):
            _make(place, lock)
    return place


def _make(place, lock):
    print("making an environment for requirements.txt", flush=True)
    shutil.rmtree(place, ignore_errors=True)
    _run(lock, "venv", [sys.executable, "-m", "venv", place])
    python = os.path.join(place, "bin", "python")
    _add_own_packages(python)
    _run(lock, "pip", [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-r", "requirements.txt"])
    with open(os.path.join(place, _COMPLETE), "w"):
        pass


def _add_own_packages(python):
    """Those of the interpreter that makes the environment count as installed, behind the environment's own."""
    code = "import site; print(site.getsitepackages()[0])"
    target = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    with open(os.path.join(target, "plinth-base.pth"), "w") as file:
        file.write("".join(path + "\n" for path in site.getsitepackages() if os.path.isdir(path)))


def _run(lock, name, command):
    """Its output is the log's. It holds the lock as well: it may outlive us."""
    last = deque(maxlen=_LINES_SHOWN)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", pass_fds=(lock.fileno(),)) as process:
        for line in process.stdout:
            print(f"{name}: {line.rstrip()}", flush=True)
            last.append(line.strip())
    if process.returncode != 0:
        raise NoEnvironment(f"the environment for requirements.txt cannot be made: {name} ended with status {process.returncode}: "
                            + " | ".join(line for line in last if line))
