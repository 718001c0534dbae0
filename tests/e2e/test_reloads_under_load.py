"""Programs that are replaced again and again while clients ask them, alone and as the steps of a pipeline: every request is answered, and
by one of the programs that were there meanwhile. PLINTH_RELOADS sets how often."""

import os
import sys
import textwrap
import threading

import pytest

from harness.askers import Askers
from harness.python_models import workers
from harness.server import wait_for

RELOADS = int(os.environ.get("PLINTH_RELOADS", "20"))

# Both give x and their own number.
PYTHON = """
    import numpy as np
    signature = {{"inputs": {{"x": ("float32", [2])}}, "outputs": {{"y": ("float32", [2])}}}}
    def predict(inputs):
        return np.array([inputs["x"][0], {}], np.float32)
    """
TYPESCRIPT = """
    export const signature = {{inputs: {{x: {{dtype: "float32", shape: [2]}}}}, outputs: {{y: {{dtype: "float32", shape: [2]}}}}}};
    export function predict({{x}}) {{ return {{y: new Float32Array([x.data[0], {}])}}; }}
    """


class Checkers(Askers):
    """Ask one model with numbers of their own, and look at each answer."""

    def __init__(self, server, clients, model, newest):
        super().__init__(server, clients)
        self.model = model
        self.newest = newest
        self.answered = 0
        self.wrong = []
        self._lock = threading.Lock()

    def ask(self, client):
        before = self.newest[0]
        x = float(self.answered % 1000)
        answer = client.predict(self.model, {"x": [x, 0]})
        good = answer.status == 200 and answer.outputs[0] == x and before - 1 <= answer.outputs[1] <= self.newest[0] + 1
        with self._lock:
            self.answered += 1
            if not good:
                self.wrong.append((before, self.newest[0], answer.body[:300]))
        return good


@pytest.mark.parametrize("program", ["m.py", "m.ts"])
def test_no_request_is_lost_while_a_program_is_replaced(start_server, models, program):
    text = textwrap.dedent(PYTHON if program.endswith(".py") else TYPESCRIPT)
    path = models / program
    path.write_text(text.format(0))
    (models / "pipeline.json").write_text('{"steps": ["m"]}')
    server = start_server("--allow-code", models, "--python", sys.executable)
    client = server.client()
    client.deploy("m", path)
    client.deploy("p", models / "pipeline.json", framework="pipeline")
    newest = [0]

    def reload(count):
        for _ in range(count):
            path.write_text(text.format(newest[0] + 1))
            answer = client.post("/models/m/reload", {})
            assert answer.status == 200, answer.body
            newest[0] += 1

    def files():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    with Checkers(server, 2, "m", newest) as alone, Checkers(server, 2, "p", newest) as steps:
        reload(max(RELOADS // 5, 3))
        resident, open_files = server.resident_kb(), files()
        reload(RELOADS)
    assert not alone.wrong and not steps.wrong, (alone.wrong[:3], steps.wrong[:3])
    assert alone.answered > RELOADS and steps.answered > RELOADS
    wait_for(lambda: len(workers(server)) <= 1, "the processes before to end")
    wait_for(lambda: files() <= open_files + 4, "the files to be closed")
    # A virtual machine, or the memory of a process, takes 2 MB.
    assert server.resident_kb() < resident + max(30_000, 200 * RELOADS), (resident, server.resident_kb())
    print(f"{program}: {RELOADS} reloads, {alone.answered + steps.answered} answers, {resident} KB before, {server.resident_kb()} KB after")
