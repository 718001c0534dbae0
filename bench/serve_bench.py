#!/usr/bin/env python3
"""What the served program costs and gives, measured on this machine and printed as tables.

    bench/serve_bench.py [--binary build/plinth] [--runs 20] [--seconds 10] [--rounds 3] [--json FILE] [PART]...

Parts (default: all): sizes    bytes on disk of the program, each backend and each runtime
                      start    from exec to the first right answer, for each framework, median of --runs
                      memory   resident memory with nothing loaded and with each model
                      load     requests a second and latency of /predict (scikit-learn pipeline, 1 row of 64 numbers) by wrk with 1 and
                               32 connections, in turns with nginx `return 200`, median of --rounds

Client and server share the machine's processors, so the load figures say how the two servers compare, not what either can do
alone. Needs wrk and nginx for `load`, otherwise only Python's standard library.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIGITS = ROOT / "examples" / "digits"
MODELS = (
    ("pipeline.joblib", "scikit-learn pipeline"),
    ("forest.joblib", "scikit-learn forest"),
    ("cnn.onnx", "ONNX"),
    ("keras_savedmodel", "TensorFlow"),
    ("cnn.pt", "PyTorch"),
)
RECORDED = json.loads((DIGITS / "expected.json").read_text())["models"]
IMAGES = json.loads((DIGITS / "test_images.json").read_text())["images"]


def inputs_for(file, count):
    """The first images in the layout that the model takes."""
    images = []
    for image in IMAGES[:count]:
        values = [v for row in image for v in row]
        for size in reversed(RECORDED[file]["input"]["shape"][2:]):
            values = [values[i:i + size] for i in range(0, len(values), size)]
        images.append(values)
    return images


def is_right(file, answer):
    """Whether the first image's answer is the framework's own."""
    outputs = answer["outputs"]
    spec = RECORDED[file]["outputs"][-1]
    got = outputs[spec["name"]] if isinstance(outputs, dict) else outputs
    return all(abs(g - w) <= RECORDED[file]["tolerance"] * max(1, abs(w)) for g, w in zip(got[0], spec["data"][0]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`plinth serve`, just executed: it may not be listening yet."""

    def __init__(self, binary, *arguments):
        self.port = free_port()
        self.log = tempfile.TemporaryFile()
        self.start = time.perf_counter()
        self.process = subprocess.Popen([binary, "serve", "--port", str(self.port), "--log-level", "warning", *map(str, arguments)],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def ask(self, method, path, body=None):
        """The status and JSON of one request; None while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read()
            is_json = response.headers.get("Content-Type", "").startswith("application/json")
            return response.status, json.loads(text) if is_json else text
        except ConnectionRefusedError:
            return None
        finally:
            connection.close()

    def wait(self, method, path, body=None):
        """The JSON of the first 200, asked for every half millisecond."""
        while time.perf_counter() - self.start < 120:
            answer = self.ask(method, path, body)
            if answer is not None and answer[0] == 200:
                return answer[1]
            if self.process.poll() is not None:
                break
            time.sleep(0.0005)
        self.log.seek(0)
        raise SystemExit(f"no answer from the server:\n{self.log.read().decode(errors='replace')[-2000:]}")

    def memory(self):
        """Resident MB: all of it, and what is the process's own rather than mapped files."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return tuple(int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024 for key in ("VmRSS", "RssAnon"))


def megabytes(path):
    files = [path] if path.is_file() else [f for f in path.rglob("*") if f.is_file() and not f.is_symlink()]
    return sum(f.stat().st_size for f in files) / 1e6


def print_table(title, head, rows):
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip())
    sys.stdout.flush()


def measure_sizes(options):
    build = options.binary.parent
    parts = [("plinth", options.binary)]
    parts += [(f"backend {f.stem.removeprefix('libplinth_')}", f) for f in sorted((build / "backends").glob("*.so"))]
    parts += [(f"runtime {f.name}", f / "lib") for f in sorted((ROOT / "runtimes").glob("*")) if (f / "lib").is_dir()]
    sizes = {name: round(megabytes(path), 2) for name, path in parts}
    print_table("Size on disk (libraries and program, no headers)", ["", "MB"], [[k, f"{v:.2f}"] for k, v in sizes.items()])
    return sizes


def measure_start(options):
    """A folder with the one model, given by --models: the server listens at once and answers when the model is ready."""
    results = {}
    for file, title in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "m" / "1"
            shutil.copytree(DIGITS / file, model) if (DIGITS / file).is_dir() else shutil.copy(DIGITS / file, _made(model))
            body = {"inputs": inputs_for(file, 1)}
            live, first = [], []
            for _ in range(options.runs):
                with Server(options.binary, "--models", folder) as server:
                    server.wait("GET", "/health")
                    live.append((time.perf_counter() - server.start) * 1000)
                    answer = server.wait("POST", "/predict/m", body)
                    first.append((time.perf_counter() - server.start) * 1000)
                    if not is_right(file, answer):
                        raise SystemExit(f"{title}: the first answer is wrong: {answer}")
            results[title] = {"live_ms": round(statistics.median(live), 2), "answer_ms": round(statistics.median(first), 2),
                              "least_ms": round(min(first), 2), "most_ms": round(max(first), 2)}
    print_table(f"From exec to the first right answer, {options.runs} runs, files in the page cache",
                ["", "live ms", "answer ms (median)", "least", "most"],
                [[k, *v.values()] for k, v in results.items()])
    return results


def _made(folder):
    folder.mkdir(parents=True)
    return folder


def measure_memory(options):
    results = {}
    for file, title in ((None, "nothing loaded"), *MODELS, (MODELS, "all of these")):
        with Server(options.binary, "--model-root", DIGITS) as server:
            server.wait("GET", "/health")
            for name in [f for f, _ in MODELS] if file is MODELS else [file] if file else []:
                status, answer = server.ask("POST", "/models", {"name": name, "path": name})
                if status != 201:
                    raise SystemExit(f"{name}: {answer}")
                server.wait("POST", f"/predict/{name}", {"inputs": inputs_for(name, 64)})
            resident, own = server.memory()
            results[title] = {"resident_mb": round(resident, 1), "own_mb": round(own, 1)}
    print_table("Memory after 64 predictions", ["", "resident MB", "of it not files, MB"], [[k, *v.values()] for k, v in results.items()])
    return results


LUA = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = %s\n'


def wrk(url, connections, seconds, script=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *(["-s", str(script)] if script else []), url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise SystemExit(f"wrk met errors:\n{text}")
    unit = {"us": 1e-3, "ms": 1, "s": 1e3}
    latency = {p: float(v) * unit[u] for p, v, u in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", text)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), latency["50"], latency["99"]


class Nginx:
    """nginx that answers everything with 200, as many workers as processors."""

    def __init__(self, folder):
        self.port = free_port()
        config = folder / "nginx.conf"
        config.write_text(f"""worker_processes auto; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/body;
  server {{ listen 127.0.0.1:{self.port}; location / {{ return 200 "ok"; }} }} }}
""")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen([nginx, "-c", str(config), "-e", str(folder / "error.log")], stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit("nginx does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def measure_load(options):
    results = {}
    with tempfile.TemporaryDirectory() as name, Nginx(Path(name)) as nginx, \
            Server(options.binary, "--model-root", DIGITS) as server:
        os.chmod(name, 0o755)
        server.wait("GET", "/health")
        server.ask("POST", "/models", {"name": "pipeline", "path": "pipeline.joblib"})
        body = json.dumps({"inputs": inputs_for("pipeline.joblib", 1)}, separators=(",", ":"))
        if not is_right("pipeline.joblib", server.wait("POST", "/predict/pipeline", json.loads(body))):
            raise SystemExit("the pipeline's answer is wrong")
        script = Path(name) / "predict.lua"
        script.write_text(LUA % json.dumps(body))
        targets = {
            "plinth POST /predict": (f"http://127.0.0.1:{server.port}/predict/pipeline", script),
            "plinth GET /health": (f"http://127.0.0.1:{server.port}/health", None),
            "nginx GET, return 200": (f"http://127.0.0.1:{nginx.port}/", None),
            "nginx POST, return 200": (f"http://127.0.0.1:{nginx.port}/", script),
        }
        for connections in (1, 32):
            rounds = {target: [] for target in targets}
            for _ in range(options.rounds):  # in turns, so that all meet the same noise
                for target, (url, lua) in targets.items():
                    rounds[target].append(wrk(url, connections, options.seconds, lua))
            for target, measured in rounds.items():
                rate, p50, p99 = (statistics.median(column) for column in zip(*measured))
                results[f"{target}, {connections} conn."] = {
                    "requests_per_s": round(rate), "p50_ms": round(p50, 3), "p99_ms": round(p99, 3)}
    print_table(f"Load by wrk on one thread, {options.seconds} s a round, median of {options.rounds}, {os.cpu_count()} processors shared",
                ["", "requests/s", "p50 ms", "p99 ms"], [[k, *v.values()] for k, v in results.items()])
    return results


PARTS = {"sizes": measure_sizes, "start": measure_start, "memory": measure_memory, "load": measure_load}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "build" / "plinth")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown part {unknown.pop()}; known: {', '.join(PARTS)}")
    options.binary = options.binary.resolve()
    if not options.binary.is_file():
        parser.error(f"{options.binary} is not there; build it with: make build")
    figures = {part: PARTS[part](options) for part in options.parts or PARTS}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
