"""What a prediction may ask for beside its inputs, and how refusals are counted."""

import re

import pytest

from harness.client import Client
from harness.digits import inputs_for

ROW = inputs_for("pipeline.joblib", slice(0, 1))


@pytest.mark.parametrize("options", [
    {"priority": "high"}, {"priority": "normal"}, {"priority": "low"}, {"timeout_ms": 86_400_000},
    {"priority": "low", "timeout_ms": 60_000, "outputs": ["label"], "version": "v1"}])
def test_options_that_are_taken(client, pipeline, options):
    assert client.predict(pipeline, ROW, **options).status == 200


@pytest.mark.parametrize("options, words", [
    ({"priority": "hihg"}, ["hihg", "did you mean 'high'?"]),
    ({"priority": 1}, ["priority", "string"]),
    ({"priority": None}, ["priority"]),
    ({"timeout_ms": 0}, ["timeout_ms", "86400000"]),
    ({"timeout_ms": 86_400_001}, ["timeout_ms", "86400000"]),
    ({"timeout_ms": -1}, ["timeout_ms"]),
    ({"timeout_ms": 1.5}, ["timeout_ms"]),
    ({"timeout_ms": "50"}, ["timeout_ms"]),
    ({"timeout": 50}, ["'timeout'", "'timeout_ms'"]),
    ({"prioritiy": "high"}, ["'prioritiy'", "'priority'"])])
def test_options_that_are_refused(client, pipeline, options, words):
    answer = client.predict(pipeline, ROW, **options)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT"), answer.body
    for word in words:
        assert word in answer.error["message"], answer.error


@pytest.mark.parametrize("value", ["no-cache", "no-store", "max-age=0, NO-CACHE", "nonsense"])
def test_cache_control_is_taken(client, pipeline, value):
    answer = client.send("POST", f"/predict/{pipeline}", {"inputs": ROW}, {"Cache-Control": value})
    assert answer.status == 200 and "cached" not in answer.json


def test_query_of_a_json_request_is_not_looked_at(client, pipeline):
    assert client.post(f"/predict/{pipeline}?nonsense=1", {"inputs": ROW}).status == 200


def errors_of(client: Client, name: str) -> dict[str, int]:
    """How often which code was counted for version v1."""
    pattern = rf'^model_errors_total{{model="{name}",version="v1",code="(\w+)"}} (\d+)$'
    return {code: int(count) for code, count in re.findall(pattern, client.get("/metrics").body.decode(), re.M)}


def test_refusals_before_a_version_is_known_are_counted(client, name):
    client.deploy(name, "pipeline.joblib")
    path = f"/predict/{name}"
    assert client.post(path, b"{").status == 400
    assert client.send("POST", path, b"<a/>", {"Content-Type": "text/xml"}).status == 415
    assert client.send("POST", f"{path}?nonsense=1", b"x", {"Content-Type": "application/octet-stream"}).status == 400
    assert errors_of(client, name) == {"INVALID_ARGUMENT": 2, "UNSUPPORTED_MEDIA_TYPE": 1}
    assert client.post("/predict/none", b"{").status == 400


def test_settings_are_shown_as_they_were_given(client, name):
    config = {"preferred_batch_sizes": [4, 8], "instances": {"min": 1, "max": 2}, "priority": "low", "cache_ttl_ms": 0}
    client.deploy(name, "pipeline.joblib", config=config)
    shown = client.get(f"/models/{name}/version/v1").json["config"]
    assert shown["preferred_batch_sizes"] == [4, 8] and shown["priority"] == "low"
    assert shown["cache_ttl_ms"] == 0


@pytest.mark.parametrize("config, word", [
    ({"preferred_batch_sizes": [64]}, "batch_size"), ({"preferred_batch_sizes": [0]}, "preferred_batch_sizes"),
    ({"instances": {"min": 3, "max": 2}}, "max"), ({"instances": {"most": 2}}, "most"), ({"priority": "top"}, "normal")])
def test_settings_that_are_refused(client, config, word):
    answer = client.try_deploy("refused", "pipeline.joblib", config=config)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_ARGUMENT")
    assert word in answer.error["message"], answer.error
