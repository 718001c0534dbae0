"""The processes that are measured. Each is a context manager; leaving it ends the process."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from . import RUNTIME, TOOLS, BenchError
from .load import Figures


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child, and its log for when it fails."""

    def __init__(self, command: list[str], **pipes: int) -> None:
        self.log = tempfile.TemporaryFile()
        self.start = time.perf_counter()
        # close_fds=False lets Python spawn instead of fork: the time from exec is measured.
        self.process = subprocess.Popen(
            command, **{"stdin": subprocess.DEVNULL, "stdout": self.log, **pipes}, stderr=self.log, close_fds=False
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()
        self.log.close()

    def end(self) -> float:
        """Milliseconds from SIGTERM to the end of the process."""
        start = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return (time.perf_counter() - start) * 1000

    def failed(self, what: str) -> BenchError:
        self.log.seek(0)
        return BenchError(f"{what}; its log:\n{self.log.read().decode(errors='replace')[-2000:]}")

    def cpu_seconds(self) -> float:
        """Of the process and its children, all threads, those that have ended too."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        # The kernel's name for the CPU clock of another process (clock_getcpuclockid).
        return sum(time.clock_gettime((~each << 3) | 2) for each in (pid, *map(int, children)))

    def memory_mb(self) -> float:
        """Resident, mapped files included."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024 / 1e6


class HttpServer(Process):
    """A child that listens on `port`."""

    def __init__(self, port: int, command: list[str]) -> None:
        self.port = port
        super().__init__(command)

    def wait_until_listening(self) -> None:
        while time.perf_counter() - self.start < 20:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.002)
        raise self.failed("the server does not listen")


class Plinth(HttpServer):
    """`plinth serve`, just executed: it may not be listening yet."""

    def __init__(self, binary: Path, *arguments: str | Path) -> None:
        port = free_port()
        options = ["--port", str(port), "--log-level", "warning", *map(str, arguments)]
        if "--state" not in options:
            options.append("--no-state")
        if "--compiled-cache" not in options:
            options.append("--no-compiled-cache")  # no run may profit from the one before
        super().__init__(port, [str(binary), "serve", *options])

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json", **headers: object
    ) -> tuple[int, bytes]:
        """Of a header's name, '_' stands for '-'."""
        more = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"Content-Type": kind, **more})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def deploy(self, name: str, path: Path, **config: object) -> None:
        body = json.dumps({"name": name, "path": str(path), "config": config}).encode()
        status, answer = self.ask("POST", "/models", body)
        if status != 201:
            raise self.failed(f"{path} is not deployed: {answer.decode()}")

    def first_answer(self, request: bytes) -> float:
        """Milliseconds from exec until the request is answered with 200, sent again and again until then."""
        while time.perf_counter() - self.start < 120:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    while self.process.poll() is None:
                        connection.sendall(request)
                        answer = connection.recv(1 << 20)
                        if answer.startswith(b"HTTP/1.1 200 "):
                            return (time.perf_counter() - self.start) * 1000
                        if not answer:
                            break
                        time.sleep(0.0002)
            except OSError:
                time.sleep(0.0002)
            if self.process.poll() is not None:
                break
        raise self.failed("no answer from the server")


class Nginx(HttpServer):
    """nginx that answers everything with 200, as many workers as processors."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        os.chmod(self._folder.name, 0o755)
        port = free_port()
        config = Path(self._folder.name) / "nginx.conf"
        config.write_text(f"""worker_processes auto; daemon off; pid {config.parent}/nginx.pid; error_log {config.parent}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {config.parent}/body;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }} }}
""")
        super().__init__(port, [nginx_program(), "-c", str(config), "-e", str(config.parent / "error.log")])
        self.wait_until_listening()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._folder.cleanup()


def nginx_program() -> str:
    return shutil.which("nginx") or "/usr/sbin/nginx"


class FixedReply(HttpServer):
    """bench/fixed_reply.cc: reads a request and answers `size` bytes."""

    def __init__(self, size: int) -> None:
        port = free_port()
        super().__init__(port, [str(TOOLS / "fixed_reply"), str(port), str(size)])
        self.wait_until_listening()


class Bare(Process):
    """bench/bare_onnx.cc: the runtime alone, with `threads` for a call. It has answered once when this is made."""

    def __init__(self, model: Path, row: Path, threads: int) -> None:
        command = [str(TOOLS / "bare_onnx"), str(RUNTIME), str(model), str(row), str(threads)]
        super().__init__(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        first = self._read()
        self.first_ms = (time.perf_counter() - self.start) * 1000
        self.output: list[float] = first["output"]
        self.version: str = first["version"]
        self.resident_mb: float = first["resident_mb"]

    def measure(self, callers: int, rows: int, seconds: float) -> Figures:
        """requests_per_s and cpu_us are those of a row, the latencies those of a call."""
        self.process.stdin.write(f"{callers} {rows} {seconds}\n".encode())
        self.process.stdin.flush()
        said = self._read()
        return Figures(said["rows_per_s"], said["p50_us"], said["p99_us"], said["cpu_us_per_row"])

    def _read(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise self.failed("the bare runtime failed")
        return json.loads(line)
