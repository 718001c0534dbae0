"""Killed at any moment, the server loses nothing that it has acknowledged."""

import http.client
import itertools
import random
import time
from concurrent.futures import ThreadPoolExecutor

from harness.backend import write
from harness.server import SANITIZED, wait_for


class Changer:
    """A client that changes one model until the server is gone, and knows what was acknowledged.

    `versions` maps the versions of the model to their timeout_ms, which tells deployments apart, and `share` is v0's of the traffic;
    `pending` is what these would be after the change that is under way."""

    def __init__(self, name, file, seed):
        self.model, self.file = name, file
        self.random = random.Random(seed)
        self.numbers = itertools.count(1000)
        self.versions, self.share = {}, None
        self.pending = None
        self.acknowledged = 0

    def change_until_the_end(self, client):
        """For one life of the server."""
        try:
            while True:
                self.change(client)
        except (OSError, http.client.HTTPException):  # no answer, or one that was cut short
            pass

    def change(self, client):
        versions, share = dict(self.versions), self.share
        base = f"/models/{self.model}"
        kind = self.random.random()
        version = f"v{self.random.randrange(2, 6)}"
        if not {"v0", "v1"} <= versions.keys():
            version = "v0" if "v0" not in versions else "v1"
            kind = 1
        if kind < 0.3 and version in versions:
            del versions[version]
            request = ("DELETE", f"{base}/version/{version}", None)
        elif kind < 0.6:
            share = self.random.randrange(0, 101) / 100
            request = ("PUT", f"{base}/traffic", {"versions": {"v0": {"traffic": share}, "v1": {"traffic": 1 - share}}})
        else:
            versions[version] = next(self.numbers)
            request = ("POST", f"{base}/version/{version}",
                       {"path": self.file, "engine": "test", "replace": True, "config": {"timeout_ms": versions[version]}})
        self.pending = (versions, share)
        answer = client.send(*request)
        assert answer.status in (200, 201), (request, answer.status, answer.body)
        self.versions, self.share = self.pending
        self.pending = None
        self.acknowledged += 1

    def check(self, client):
        """After a restart: all that was acknowledged is there, and what was under way is there as a whole or not at all."""
        answer = client.get(f"/models/{self.model}")
        found, share = {}, None
        if answer.status == 200:
            for version in answer.json["versions"]:
                assert version["state"] == "ready", version
                found[version["version"]] = version["config"]["timeout_ms"]
            policy = client.get(f"/models/{self.model}/traffic").json
            share = policy["versions"].get("v0", {}).get("traffic") if policy.get("versions") else None
        allowed = [(self.versions, self.share), *([self.pending] if self.pending else [])]
        assert (found, share) in allowed, f"{self.model}: found {found}, {share}, expected one of {allowed}"
        self.versions, self.share = found, share
        self.pending = None


def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(start_keeping, models, tmp_path):
    lives = 20 if SANITIZED else 200
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    file = write(models)
    changers = [Changer(f"m{i}", file, seed + i) for i in range(4)]
    with ThreadPoolExecutor(len(changers)) as pool:
        live_and_die(start_keeping, pool, changers, moments, lives)
    client = start_keeping().client()
    for changer in changers:
        changer.check(client)
    changes = sum(changer.acknowledged for changer in changers)
    print(f"{lives} lives, {changes} changes acknowledged")
    assert changes > lives


def live_and_die(start_keeping, pool, changers, moments, lives):
    for _ in range(lives):
        server = start_keeping(ready=False)
        client = server.client()
        if moments.random() < 0.1:  # while it restores
            time.sleep(moments.random() * 0.01)
            server.kill()
            continue
        wait_for(lambda: client.get("/ready").status == 200, "the server to be ready")
        for changer in changers:
            changer.check(client)
        running = [pool.submit(changer.change_until_the_end, server.client()) for changer in changers]
        time.sleep(moments.random() * 0.15)
        server.kill()
        for one in running:
            one.result()
