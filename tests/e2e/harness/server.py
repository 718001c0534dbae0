"""The real program as a process that a test owns."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from harness.client import Client

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("PLINTH_BINARY", ROOT / "build" / "plinth")).resolve()
BUILD = BINARY.parent
DIGITS = ROOT / "examples" / "digits"
FIXTURES = ROOT / "tests" / "fixtures"

# Whether the program is instrumented: slower, larger, and taken down to the last thread at its end.
SANITIZED = BINARY.is_file() and any(mark in BINARY.read_bytes() for mark in (b"__asan_init", b"__tsan_init"))

# How long a step may take; sanitizers make everything slower.
PATIENCE = 120

LISTENING = re.compile(r"listening on (https?://[^\s]+)")
# A report; not the warning that an allocation was refused, which is what hostile sizes are for.
SANITIZER = re.compile(r"ERROR: (Address|Leak|UndefinedBehavior)Sanitizer|WARNING: ThreadSanitizer|runtime error:")


LEAK = re.compile(r"(?:Direct|Indirect) leak of .*\n(?:\s+#\d+ .*\n)+")


def report_in(log):
    """The sanitizer's report, or nothing. Leaks whose caller has been unloaded are left out: OpenVINO unloads a front end that refused
    a file and leaves eight bytes of it; suppressions need its name, which is then gone. Nothing of ours is ever unloaded."""
    named = LEAK.sub(lambda leak: "" if re.search(r"#1 0x\w+ +\(<unknown module>\)", leak[0]) else leak[0], log)
    if not LEAK.search(named):
        named = re.sub(r"==\d+==ERROR: LeakSanitizer: detected memory leaks", "", named)
    found = SANITIZER.search(named)
    return named[max(0, found.start() - 200):][:8000] if found else ""


def wait_for(condition, what, seconds=PATIENCE):
    """The first true value of condition(); fails the test if there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


class Server:
    """`plinth serve` on a free port, its log in a file. `state` is where it keeps what is deployed: nowhere, a file, or
    DEFAULT_STATE; `prefix` is a command that runs it."""

    DEFAULT_STATE = "the default"

    def __init__(self, folder, *arguments, host="127.0.0.1", roots=(), env=None, cwd=None, state=None, prefix=()):
        self.folder = Path(folder)
        self.log_path = self.folder / "server.log"
        command = [*prefix, str(BINARY), "serve", "--host", host, "--port", "0"]
        for root in roots:
            command += ["--model-root", str(root)]
        if state is None:
            command += ["--no-state"]
        elif state is not Server.DEFAULT_STATE:
            command += ["--state", str(state)]
        command += [str(a) for a in arguments]
        if not any(argument.startswith("--compiled-cache") for argument in command):
            command.append("--no-compiled-cache")  # what a test finds must not depend on what ran before
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **(env or {})}, cwd=cwd)
        self.port = None
        try:
            self._wait_until_listening()
        except BaseException:
            self.kill()
            raise
        self._clients = []

    def _wait_until_listening(self):
        def listening():
            assert self.process.poll() is None, f"the server ended with {self.process.returncode} at start:\n{self.log()}"
            return LISTENING.search(self.log())

        self.url = wait_for(listening, "the server to listen")[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def client(self):
        """A client with a connection of its own."""
        client = Client("127.0.0.1", self.port)
        self._clients.append(client)
        return client

    def log(self):
        return self.log_path.read_text(errors="replace")

    def check(self):
        """Fails the test if the server has crashed or a sanitizer has spoken."""
        log = self.log()
        assert not report_in(log), "a sanitizer reported:\n" + report_in(log)
        assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{log[-4000:]}"

    def terminate(self, seconds=PATIENCE):
        """SIGTERM and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self):
        """The end of every test's server: it must have lived until now, and must end in order."""
        for client in self._clients:
            client.close()
        if self.process.poll() is None:
            try:
                self.check()
                status = self.terminate()
            finally:
                self.kill()
            excused = SANITIZED and "LeakSanitizer" in self.log() and not report_in(self.log())
            assert status == 0 or excused, f"SIGTERM made the server end with {status}:\n{self.log()[-4000:]}"
        assert not report_in(self.log()), "a sanitizer reported:\n" + report_in(self.log())

    def resident_kb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])
