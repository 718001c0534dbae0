"""Guarded rollouts: they complete, they go back for each reason, they outlive the server, and nobody's request suffers."""

import signal

import pytest

from harness.backend import TEST_BACKEND, write
from harness.release import NEVER, Traffic, deploy, events_of, figures_of, rollout_of, version_of, wait_for_state
from harness.server import wait_for


@pytest.fixture
def client(backend_server):
    return backend_server.client()


def plan(steps, every_s=NEVER, **abort_if):
    return {"to": "v2", "steps": steps, "every_s": every_s, "abort_if": abort_if}


def begin(client, models, steps, every_s=NEVER, abort_if=None, **settings):
    """v1, and v2 that is to take over from it."""
    deploy(client, models, "v1")
    rollout = plan(steps, every_s, **(abort_if or {}))
    return deploy(client, models, "v2", {"rollout": rollout}, **settings)


def kinds(client):
    return [kind for kind, _ in events_of(client) if kind.startswith("roll")]


def assert_v1_has_all(client):
    assert {version_of(client) for _ in range(50)} == {"v1"}


def test_completes(backend_server, client, models):
    begin(client, models, [0.25, 0.5, 1], every_s=0.3, abort_if={"error_rate": 0, "disagreement": 0.5})
    with Traffic(backend_server) as traffic:
        done = wait_for_state(client, "completed")
        answered = len(traffic.answers)
    assert not traffic.failed
    assert (done["step"], done["share"]) == (3, 1)
    assert {version for _, version in traffic.answers[answered + 4:]} <= {"v2"}, "but for what was on its way"
    assert {version_of(client) for _ in range(20)} == {"v2"}
    assert kinds(client) == ["rollout_started", "rollout_step", "rollout_step", "rollout_completed"]
    assert figures_of(client, "v2")["traffic"]["asked"] == 1
    assert figures_of(client, "v1")["traffic"]["asked"] == 0


def test_begins_at_its_first_share(backend_server, client, models):
    """The new version is the newest, and yet never has more than its share."""
    deploy(client, models, "v1")
    with Traffic(backend_server) as traffic:
        deploy(client, models, "v2", {"rollout": plan([0.1])})
        for _ in range(300):
            client.predict("m", [[1.0]])
    assert not traffic.failed
    asked = figures_of(client, "v2")["traffic"]
    assert asked["asked"] == 0.1
    first = next(i for i, answer in enumerate(traffic.answers) if answer[1] == "v2")
    share = [version for _, version in traffic.answers[first:]].count("v2") / len(traffic.answers[first:])
    assert asked["seen"] == pytest.approx(0.1, abs=0.02) and share < 0.5


REASONS = {
    "error_rate": ({"error_rate": 0.01}, {"fail_on": 7}, "error_rate is 1 ("),
    "p99_ms": ({"p99_ms": 50}, {"delay_ms": 200}, "p99_ms is "),
    "disagreement": ({"disagreement": 0.2}, {"factor": 3}, "disagreement is 1 ("),
}


@pytest.mark.parametrize("limit", REASONS)
def test_goes_back(backend_server, client, models, limit):
    abort_if, settings, reason = REASONS[limit]
    begin(client, models, [0.2, 1], abort_if=abort_if, **settings)
    with Traffic(backend_server, value=7.0) as traffic:
        back = wait_for_state(client, "rolled_back")
    assert back["reason"].startswith(reason), back
    assert back["share"] == 0
    assert {version for status, version in traffic.answers if status != 200} <= {None}
    assert_v1_has_all(client)
    assert kinds(client) == ["rollout_started", "rolled_back"]
    message = dict(events_of(client))["rolled_back"]
    assert reason in message and "more than" in message and "requests" in message
    assert figures_of(client, "v1")["traffic"]["asked"] == 1
    assert client.predict("m", [[1.0]], version="v2").status == 200, "it stays, to be looked at"


def test_goes_back_when_removed(client, models):
    begin(client, models, [0.5])
    assert client.delete("/models/m/version/v2").status == 200
    assert "was removed" in wait_for_state(client, "rolled_back")["reason"]
    assert_v1_has_all(client)


def test_goes_back_when_it_cannot_be_loaded_again(client, models):
    begin(client, models, [0.5])
    write(models, "m-v2", fail_load="no luck")
    assert client.post("/models/m/reload", {"version": "v2"}).status == 422
    assert "no luck" in wait_for_state(client, "rolled_back")["reason"]
    assert_v1_has_all(client)


def test_within_the_limits_nothing_goes_back(backend_server, client, models):
    limits = {"error_rate": 0.01, "p99_ms": 60_000, "disagreement": 0.2}
    begin(client, models, [0.5, 0.9], every_s=0.5, abort_if=limits, factor=2)
    with Traffic(backend_server) as traffic:
        wait_for_state(client, "completed")
    assert not traffic.failed


def test_figures_of_a_running_one(backend_server, client, models):
    begin(client, models, [0.5], abort_if={"disagreement": 1})
    with Traffic(backend_server) as traffic:
        while len(traffic.answers) < 200:
            assert not traffic.failed
    running = rollout_of(client)
    assert (running["state"], running["to"], running["step"], running["share"]) == ("running", "v2", 1, 0.5)
    assert running["abort_if"] == {"disagreement": 1} and 0 < running["next_in_s"] <= NEVER
    seen = running["seen"]
    assert seen["requests"] > 0 and seen["errors"] == 0 and seen["error_rate"] == 0 and seen["p99_ms"] > 0
    assert seen["disagreement"] in (0, None)


def test_taken_back_by_hand(client, models):
    begin(client, models, [0.5])
    answer = client.delete("/models/m/rollout")
    assert (answer.status, answer.json["state"], answer.json["reason"]) == (200, "rolled_back", "by request")
    assert_v1_has_all(client)
    assert client.delete("/models/m/rollout").error["code"] == "FAILED_PRECONDITION"


def test_one_at_a_time(client, models):
    begin(client, models, [0.5])
    write(models, "third")
    refused = client.try_deploy("m", "third.testmodel", version="v3", config={"rollout": plan([1])})
    assert (refused.status, refused.error["code"]) == (409, "FAILED_PRECONDITION")
    assert "running" in refused.error["message"]
    assert rollout_of(client)["state"] == "running"


def test_alone_it_answers_all_and_says_so(client, models):
    answer = deploy(client, models, "v2", {"rollout": plan([0.1])})
    assert any("no other version" in warning for warning in answer["warnings"])
    assert version_of(client) == "v2"
    assert client.get("/models/m/rollout").status == 404
    assert client.get("/models/none/rollout").status == 404
    assert client.delete("/models/none/rollout").status == 404


def test_cancelled_by_new_weights(client, models):
    begin(client, models, [0.5])
    answer = client.send("PUT", "/models/m/traffic", {"versions": {"v1": {"traffic": 0.75}, "v2": {"traffic": 0.25}}})
    assert answer.status == 200, answer.body
    assert rollout_of(client)["state"] == "cancelled"
    assert kinds(client) == ["rollout_started", "rollout_cancelled"]
    assert figures_of(client, "v2")["traffic"]["asked"] == 0.25


def test_begun_without_a_deployment(client, models):
    deploy(client, models, "v1")
    deploy(client, models, "v2")
    assert version_of(client) == "v2"
    body = {"rollout": {**plan([0.5]), "to": "v1"}}
    assert client.send("PUT", "/models/m/traffic", body).status == 200
    assert rollout_of(client)["to"] == "v1"
    refused = client.send("PUT", "/models/m/traffic", body)
    assert (refused.status, refused.error["code"]) == (409, "FAILED_PRECONDITION")


def test_goes_on_after_a_restart(start_server, models, tmp_path):
    keys = {"roots": [models], "state": tmp_path / "state.db"}
    server = start_server("--backend-dir", TEST_BACKEND, **keys)
    client = server.client()
    begin(client, models, [0.25, 0.5, 1], every_s=1.5)
    wait_for(lambda: rollout_of(client)["step"] == 2, "the second step")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    client = start_server("--backend-dir", TEST_BACKEND, **keys).client()
    again = rollout_of(client)
    assert again["state"] == "running" and again["step"] >= 2
    wait_for_state(client, "completed")
    assert kinds(client) == ["rollout_started", "rollout_step", "rollout_step", "rollout_completed"]
    assert version_of(client) == "v2"
