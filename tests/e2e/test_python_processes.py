"""The processes that Python models run in: they die, hang, are many, and are replaced."""

import os
import signal
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from harness.python_models import children_of, client, code, deploy, predict, server, start, workers  # noqa: F401
from harness.server import SANITIZED, wait_for


# ---- Processes that die or hang

CONTROL = """
    import ctypes, os, signal, sys, time
    import numpy as np
    signature = {"inputs": {"x": "str"}, "outputs": {"pid": "int64"}}
    def stubborn():
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    def predict(inputs):
        exec(inputs["x"].item().decode())
        return os.getpid()
    """


@pytest.mark.parametrize("statement,words", [
    ("os._exit(7)", ["ended with exit status 7"]),
    ("sys.exit(0)", ["ended with exit status 0"]),
    ("os.abort()", ["was killed by signal 6"]),
    ("ctypes.string_at(0)", ["was killed by signal 11"]),
    ("print('last words'); os.kill(os.getpid(), 9)", ["was killed by signal 9", "its last line was: last words"]),
    ("os.close(3)", ["process"]),
    ("os.write(3, b'x' * 100)", ["process"]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_process_that_dies_fails_one_request_and_comes_back(server, client, deploy, statement, words):
    deploy(CONTROL)
    first = predict(client, "pass")
    answer = client.predict("m", {"x": statement})
    assert answer.status in (500, 503), answer.body
    for word in words:
        assert word in answer.error["message"]

    def comes_back():
        answer = client.predict("m", {"x": "pass"})
        assert answer.status in (200, 503), answer.body
        return answer.outputs if answer.status == 200 else None

    second = wait_for(comes_back, "the model to answer again")
    assert second != first and workers(server) == [second]


def test_kill_from_outside_between_and_during_calls(server, client, deploy):
    deploy(CONTROL)
    for slow in (False, True):
        pid = wait_for(lambda: (answer := client.predict("m", {"x": "pass"})).status == 200 and answer.outputs, "the model")
        if slow:
            timer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
            timer.start()
            answer = client.predict("m", {"x": "time.sleep(60)"})
            assert answer.status == 503 and "was killed by signal 9" in answer.error["message"]
        else:
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: "was killed by signal 9" in server.log(), "the log to say so")


def test_a_process_that_never_loads_again_leaves_503(server, client, code):
    path = code(CONTROL)
    client.deploy("m", path)
    predict(client, "pass")
    path.write_text("raise ValueError('broken meanwhile')")
    assert client.predict("m", {"x": "os._exit(1)"}).status == 503
    answer = wait_for(lambda: "broken meanwhile" in (answer := client.predict("m", {"x": "pass"})).body.decode() and answer,
                      "the reason")
    assert answer.status == 503 and "ValueError: broken meanwhile" in answer.error["message"]
    path.write_text(textwrap.dedent(CONTROL))
    wait_for(lambda: client.predict("m", {"x": "pass"}).status == 200, "the model to be back")


@pytest.mark.parametrize("statement", ["time.sleep(1000)", "while True: pass", "stubborn()", "sum(range(10**12))"])
def test_a_call_that_hangs_ends_at_its_deadline(server, client, deploy, statement):
    deploy(CONTROL)
    first = predict(client, "pass")
    begin = time.monotonic()
    answer = client.predict("m", {"x": statement}, timeout_ms=500)
    assert answer.status == 504, answer.body
    assert time.monotonic() - begin < 5

    def again():
        answer = client.predict("m", {"x": "pass"})
        assert answer.status in (200, 503, 429), answer.body
        return answer.outputs if answer.status == 200 else None

    second = wait_for(again, "the model to answer again")
    if statement in ("time.sleep(1000)", "while True: pass"):
        assert second == first, "what can be interrupted need not be killed"


def test_no_process_outlives_the_server(server, client, deploy):
    deploy(CONTROL)
    predict(client, "import subprocess; subprocess.Popen(['sleep', '1000'])")
    pids = workers(server)
    assert len(pids) == 1
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "the worker to be gone")
    server.process.returncode = 0


def test_an_unload_ends_in_order(server, client, code, models):
    mark = models / "ended"
    client.deploy("m", code(f"""
        import subprocess
        signature = {{"inputs": {{}}, "outputs": {{"y": "int8"}}}}
        child = subprocess.Popen(["sleep", "1000"])
        def predict(inputs):
            return 1
        def unload():
            open({str(mark)!r}, "w").write("x")
        """))
    (worker,) = workers(server)
    children = children_of(worker)
    assert len(children) == 1
    assert client.delete("/models/m").status == 200
    wait_for(lambda: not workers(server), "the worker to be gone")
    assert mark.exists()
    wait_for(lambda: not Path(f"/proc/{children[0]}").exists(), "what the worker started to be gone")


def test_output_is_in_the_log(server, client, deploy):
    deploy("""
        import os, sys
        print("loading now")
        signature = {"inputs": {"x": "int8"}, "outputs": {"y": "int8"}}
        def predict(inputs):
            print("prints ünicode \\x1b[31m")
            sys.stderr.write("no end of line")
            os.system("echo from a child")
            return inputs["x"]
        """)
    predict(client, 1)
    wait_for(lambda: "no end of line" in server.log() or None, "the log")
    for line in ("m/v1: loading now", "m/v1: prints ünicode", "from a child"):
        assert line in server.log()
    assert "\x1b" not in server.log()


@pytest.mark.skipif(SANITIZED, reason="sanitizers reserve more memory than any limit leaves")
def test_a_memory_bomb_is_bounded(server, client, deploy):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": "int64"}, "outputs": {"y": "int64"}}
        def predict(inputs):
            return len(b"x" * int(inputs["x"]))
        """, options={"memory_mb": "600"})
    assert predict(client, 1000) == 1000
    answer = client.predict("m", {"x": 4 << 30})
    assert answer.status == 503 and "MemoryError" in answer.error["message"]
    assert predict(client, 5) == 5


def test_tensors_that_do_not_fit_are_refused(client, deploy):
    deploy("""
        import numpy as np
        signature = {"inputs": {"x": ("uint8", [-1])}, "outputs": {"y": ("uint8", [-1])}}
        def predict(inputs):
            return np.zeros(int(inputs["x"][0]) << 20, np.uint8)
        """, options={"shm_mb": "8"})
    raw = {"Content-Type": "application/octet-stream"}
    wanted = {**raw, "Accept": "application/octet-stream"}
    for _ in range(5):
        assert len(client.send("POST", "/predict/m", b"\x03", wanted).body) == 3 << 20
        for body in (b"\x05", b"\0" * (5 << 20)):
            answer = client.send("POST", "/predict/m", body, raw)
            assert answer.status == 503 and "shm_mb" in answer.error["message"], answer.body[:300]


# ---- Many

def test_instances_run_side_by_side(server, client, deploy):
    deploy("""
        import os, time
        signature = {"inputs": {"x": "int64"}, "outputs": {"pid": "int64"}}
        def predict(inputs):
            time.sleep(0.3)
            return os.getpid()
        """, instances=2)
    assert len(workers(server)) == 2
    pids = set()
    begin = time.monotonic()
    clients = [server.client() for _ in range(4)]
    threads = [threading.Thread(target=lambda c=c: pids.add(predict(c, 1))) for c in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pids == set(workers(server)) and time.monotonic() - begin < 1.1


def test_hot_reloads_leak_nothing(server, client, code):
    text = "signature = {{'inputs': {{}}, 'outputs': {{'y': 'int64'}}}}\ndef predict(inputs):\n    return {}\n"
    path = code(text.format(0))
    client.deploy("m", path)

    def reload(number):
        path.write_text(text.format(number))
        assert client.post("/models/m/reload", {}).status == 200
        wait_for(lambda: client.predict("m", {}).outputs == number, "the new answer")

    def files():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    for number in range(1, 11):
        reload(number)
    wait_for(lambda: len(workers(server)) == 1, "one process")
    before, resident = files(), server.resident_kb()
    for number in range(11, 111 if not SANITIZED else 21):
        reload(number)
    wait_for(lambda: len(workers(server)) == 1, "one process")
    wait_for(lambda: files() <= before + 2, "the files to be closed")
    assert SANITIZED or server.resident_kb() < resident + 20_000
