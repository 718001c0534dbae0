"""Which version answers over the Open Inference Protocol: splits, sticky callers, labels, lazy models."""

import json
import threading
from collections import Counter

import pytest

from harness.backend import TEST_BACKEND, write
from harness.server import wait_for


def infer(client, path="/v2/models/m/infer", headers=None, **parameters):
    body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}], "parameters": parameters}
    return client.send("POST", path, body, headers)


def version_of(answer):
    assert answer.status == 200, answer.body
    version = answer.json["model_version"]
    assert answer.json["outputs"][0]["data"] == [float(version.lstrip("v"))], "the answer is not that version's"
    return version


@pytest.fixture
def two_versions(backend_server, models):
    client = backend_server.client()
    for version in ("v1", "v2"):
        client.deploy("m", write(models, name=version, factor=int(version.lstrip("v"))), version=version)
    return client


def test_splits_and_versions(two_versions):
    traffic = {"versions": {"v1": {"traffic": 0.75}, "v2": {"traffic": 0.25}}, "labels": {"canary": "v2"}}
    assert two_versions.put("/models/m/traffic", traffic).status == 200
    counts = Counter(version_of(infer(two_versions)) for _ in range(100))
    assert abs(counts["v1"] - 75) <= 1
    for asked, version in (("1", "v1"), ("v2", "v2"), ("2", "v2"), ("canary", "v2")):
        assert version_of(infer(two_versions, f"/v2/models/m/versions/{asked}/infer")) == version


@pytest.mark.parametrize("sticky", ["header:x-user-id", "field:user"])
def test_sticky_callers(two_versions, sticky):
    traffic = {"versions": {"v1": {"traffic": 0.5}, "v2": {"traffic": 0.5}}, "sticky": sticky}
    assert two_versions.put("/models/m/traffic", traffic).status == 200

    def ask(user):
        if sticky.startswith("header"):
            return version_of(infer(two_versions, headers={"X-User-Id": user}))
        return version_of(infer(two_versions, user=user))

    users = {f"user{i}": ask(f"user{i}") for i in range(60)}
    assert set(users.values()) == {"v1", "v2"}
    assert all(ask(user) == version for user, version in users.items())
    if sticky.startswith("field"):
        generated = {user: two_versions.post("/v2/models/m/generate", {"x": 1, "user": user}).json["model_version"] for user in users}
        assert generated == users


def test_a_lazy_model_is_loaded_by_its_first_request(start_server, models):
    for name, settings in (("good", {"load_ms": 200}), ("bad", {"fail_load": "no weights"})):
        (models / name).mkdir()
        write(models / name, name, **settings)
        (models / name / "plinth.json").write_text(json.dumps({"config": {"lazy": True}}))
    server = start_server("--backend-dir", TEST_BACKEND, "--models", models)
    client = server.client()
    wait_for(lambda: client.get("/ready").status == 200, "ready")
    answers = []

    def ask():
        mine = server.client()
        answers.append(infer(mine, "/v2/models/good/infer"))
        mine.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.json["outputs"][0]["data"] for answer in answers] == [[2.0]] * 8
    bad = infer(client, "/v2/models/bad/infer")
    assert bad.status == 503 or bad.status == 404, bad.body
    assert "no weights" in bad.json["error"]
