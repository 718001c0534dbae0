"""Shadows get copies of requests, are compared, and are never felt by those who ask."""

import pytest

from harness.metrics import scrape
from harness.release import Traffic, deploy, figures_of, version_of, wait_for_shadow
from harness.server import wait_for


@pytest.fixture
def client(backend_server):
    return backend_server.client()


def both(client, models, share=1.0, **settings):
    """v1 answers, v2 is its shadow."""
    deploy(client, models, "v1")
    deploy(client, models, "v2", {"versions": {"v1": {"traffic": 1}, "v2": {"shadow": share}}}, **settings)


def test_differences_are_seen(client, models):
    both(client, models, factor=3)
    for i in range(1, 21):
        answer = client.predict("m", [[i]])
        assert (answer.json["version"], answer.outputs) == ("v1", [[2 * i]])
    shadow = wait_for_shadow(client, 20)
    assert shadow["compared"] == shadow["disagreed"] == 20 and shadow["disagreement"] == 1
    assert (shadow["max_abs"], shadow["mean_abs"], shadow["label_agreement"]) == (20, 10.5, 0)
    figures = figures_of(client, "v2")
    assert figures["requests"] == 0 and figures["traffic"] == {"asked": 0, "seen": 0}, "copies are no requests"
    metrics = scrape(client)
    labels = {"model": "m", "version": "v2"}
    assert metrics.value("model_shadow_requests_total", **labels) == 20
    assert metrics.value("model_shadow_disagreements_total", **labels) == 20
    assert metrics.value("model_shadow_max_abs_difference", **labels) == 20
    assert metrics.value("model_requests_total", **labels) == 0


def test_agreement_is_seen(client, models):
    both(client, models)
    for i in range(10):
        client.predict("m", [[i, i + 1]])
    shadow = wait_for_shadow(client, 10)
    assert (shadow["disagreement"], shadow["label_agreement"], shadow["max_abs"]) == (0, 1, 0)


def test_a_share_is_that_share(client, models):
    both(client, models, share=0.25)
    for _ in range(200):
        assert version_of(client) == "v1"
    assert wait_for_shadow(client, 49)["requests"] <= 51


def test_only_routed_requests_that_were_answered(client, models):
    deploy(client, models, "v1", fail_on=7)
    deploy(client, models, "v2", {"versions": {"v1": {"traffic": 1}, "v2": {"shadow": 1}}})
    assert client.predict("m", [[7.0]]).status == 400
    assert client.predict("m", [[1.0]], version="v1").status == 200
    assert client.predict("m", [[1.0]], version="v2").json["version"] == "v2"
    assert client.predict("m", [[1.0]]).status == 200
    assert wait_for_shadow(client, 1)["requests"] == 1


def test_failures_stay_the_shadows(client, models):
    both(client, models, fail_execute="it broke")
    for _ in range(10):
        assert version_of(client) == "v1"
    shadow = wait_for_shadow(client, 10)
    assert shadow["errors"] == shadow["disagreed"] == 10 and shadow["compared"] == 0
    assert "it broke" in shadow["reason"]
    assert figures_of(client, "v2")["errors"] == 0


def test_a_hanging_shadow_is_not_felt(backend_server, client, models):
    """It would take an hour. Answers come, copies are dropped, and it is replaced and removed without waiting for any."""
    both(client, models, delay_ms=3_600_000)
    with Traffic(backend_server, clients=4) as traffic:
        wait_for(lambda: figures_of(client, "v2").get("shadow", {}).get("dropped", 0) > 100, "copies to be dropped")
        shadow = figures_of(client, "v2")["shadow"]
        assert shadow["requests"] == 0 and 0 < shadow["in_flight"] <= 64
        deploy_again = {"path": "m-v2.testmodel", "replace": True}
        (models / "m-v2.testmodel").write_text("factor 2\n")
        assert client.post("/models/m/version/v2", deploy_again).status == 201
        wait_for_shadow(client, 1)
    assert not traffic.failed and {version for _, version in traffic.answers} == {"v1"}
    assert client.delete("/models/m/version/v2").status == 200
    assert "shadow" not in {key for v in client.get("/models/m").json["versions"] for key in v}
    assert not [name for name, _ in scrape(client).having(version="v2")]


def test_a_shadow_that_is_removed_and_comes_again_starts_anew(client, models):
    both(client, models, factor=3)
    client.predict("m", [[1.0]])
    wait_for_shadow(client, 1)
    client.delete("/models/m/version/v2")
    deploy(client, models, "v2")
    assert "shadow" not in figures_of(client, "v2")
    client.predict("m", [[1.0]])
    assert wait_for_shadow(client, 1)["disagreed"] == 0
