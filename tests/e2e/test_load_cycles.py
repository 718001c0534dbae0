"""A model that is loaded and unloaded again and again leaves nothing behind."""

import os
from pathlib import Path

import pytest

from harness.digits import inputs_for
from harness.server import DIGITS, SANITIZED, wait_for

CYCLES = 50 if SANITIZED else 500  # of two loads: one replaces, one comes after a removal


def resident_mb(server):
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


@pytest.mark.parametrize("file", ["pipeline.joblib", "forest.joblib", "cnn.onnx"])
def test_a_thousand_loads_leave_nothing_behind(start_server, file):
    # With more arenas, where the allocator happens to put things hides a leak of this size.
    server = start_server(roots=[DIGITS], env={"MALLOC_ARENA_MAX": "1"})
    client = server.client()

    def cycle(count):
        for _ in range(count):
            client.deploy("m", file)
            client.deploy("m", file, replace=True)
            assert client.predict("m", inputs_for(file)).status == 200
            assert client.delete("/models/m").status == 200

    # The first loads open the engine and let the allocator find its size.
    cycle(CYCLES // 5)
    before = resident_mb(server)
    cycle(CYCLES)
    if not SANITIZED:  # which keep what is freed
        # 2,000 bytes a load would show.
        wait_for(lambda: resident_mb(server) < before + 2, f"{before:.1f} MB and no more, not {resident_mb(server):.1f}", 5)
    threads = len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))
    assert threads < 40 and len(os.listdir(f"/proc/{server.process.pid}/fd")) < 60
