"""Versions, splits, sticky callers and labels, counted from outside."""

import json
import threading
from collections import Counter

import pytest

from harness.backend import TEST_BACKEND, write
from harness.digits import inputs_for
from harness.server import DIGITS, wait_for

ROW = [[1.0, 2.0]]


@pytest.fixture
def deploy(backend_server, models):
    """Deploys versions of `m`, each of which multiplies by its own factor: v1 by 1, v2 by 2."""
    client = backend_server.client()

    def deploy(*versions, **keys):
        for version in versions:
            client.deploy("m", write(models, name=version, factor=int(version.lstrip("v"))), version=version, **keys)
        return client

    return deploy


def set_traffic(client, **keys):
    answer = client.put("/models/m/traffic", keys)
    assert answer.status == 200, answer.body
    return answer.json


def split(client, **shares):
    return set_traffic(client, versions={version: {"traffic": share} for version, share in shares.items()})


def version_of(answer):
    """The version that answered; its outputs must be its own."""
    assert answer.status == 200, answer.body
    version = answer.json["version"]
    factor = int(version.lstrip("v"))
    assert answer.json["outputs"] == [[factor * x for x in ROW[0]]], "the answer is not that version's"
    return version


def ask(client, headers=None, **keys):
    return version_of(client.send("POST", "/predict/m", {"inputs": ROW, **keys}, headers))


def count(client, requests, **keys):
    return Counter(ask(client, **keys) for _ in range(requests))


def assert_within_one(counts, shares):
    requests = sum(counts.values())
    assert set(counts) <= set(shares)
    for version, share in shares.items():
        assert abs(counts[version] - requests * share) <= 1, (counts, shares)


@pytest.mark.parametrize("shares", [
    {"v1": 0.9, "v2": 0.1},
    {"v1": 0.5, "v2": 0.5},
    {"v1": 0.999, "v2": 0.001},
    {"v1": 0.7, "v2": 0.2, "v3": 0.1},
    {"v1": 0.3333333, "v2": 0.3333333, "v3": 0.3333334},
    {"v1": 0.123, "v2": 0.456, "v3": 0.421},
], ids=str)
def test_a_split_is_exact(deploy, shares):
    client = deploy("v1", "v2", "v3")
    split(client, **shares)
    assert_within_one(count(client, 1000), shares)
    assert_within_one(count(client, 77), shares)


def together(server, threads, each, request):
    """What `request(client)` gave, counted over all calls of all threads."""
    counts, failures = Counter(), []

    def run():
        client = server.client()
        try:
            for _ in range(each):
                counts[request(client)] += 1
        except BaseException as failure:
            failures.append(failure)

    runners = [threading.Thread(target=run) for _ in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    if failures:
        raise failures[0]
    return counts


def test_a_split_is_exact_over_many_clients(deploy, backend_server):
    shares = {"v1": 0.333, "v2": 0.333, "v3": 0.334}
    split(deploy("v1", "v2", "v3"), **shares)
    assert_within_one(together(backend_server, 8, 125, ask), shares)


def test_without_weights_the_newest_answers(deploy):
    client = deploy("v9", "v10")
    assert ask(client) == "v10"
    split(client, v9=1)
    assert ask(client) == "v9"
    for nothing in ({}, None):
        split(client, v9=1)
        assert set_traffic(client, versions=nothing)["shares"] == {"v9": 0, "v10": 1}
        assert ask(client) == "v10"


def test_an_explicit_version_always_wins_and_does_not_count(deploy):
    client = deploy("v1", "v2", "v3")
    split(client, v1=0.5, v2=0.5)
    counts = Counter()
    # In turns, with the version before and behind the inputs: were they counted, one would get all of the others.
    for n in range(200):
        counts[ask(client)] += 1
        if n % 2 == 0:
            assert ask(client, version="v3") == "v3"
        else:
            body = json.dumps({"version": "v1", "inputs": ROW})
            assert version_of(client.send("POST", "/predict/m", body)) == "v1"
    assert_within_one(counts, {"v1": 0.5, "v2": 0.5})


def test_labels_name_versions(deploy):
    client = deploy("v1", "v2")
    set_traffic(client, labels={"stable": "v1", "canary": "v2"})
    assert ask(client, version="stable") == "v1"
    assert ask(client, version="canary") == "v2"
    set_traffic(client, labels={"stable": "v2"})
    assert ask(client, version="stable") == "v2"
    gone = client.predict("m", ROW, version="canary")
    assert gone.status == 404 and "'canary'" in gone.error["message"], gone.body
    raw = client.send("POST", "/predict/m?version=stable", b"\0" * 8,
                      {"Content-Type": "application/octet-stream", "Plinth-Shape": "1,2"})
    assert raw.json["version"] == "v2"


def users(client, number, source):
    """Whom each of the first users meets."""
    name, value = source.split(":")
    if name == "header":
        return {user: ask(client, headers={value: f"user-{user}"}) for user in range(number)}
    return {user: ask(client, **{value: f"user-{user}"}) for user in range(number)}


def moves(before, after):
    return Counter((before[user], after[user]) for user in after if before[user] != after[user])


def assert_near(count, number, share):
    """As near as hashes come: within four standard deviations."""
    assert abs(count - number * share) < 4 * (number * share * (1 - share)) ** 0.5, (count, number, share)


@pytest.mark.parametrize("sticky, number", [("header:x-user-id", 5000), ("field:user", 1000)])
def test_users_keep_their_version(deploy, sticky, number):
    client = deploy("v1", "v2", "v3")
    split(client, v1=0.8, v2=0.2)
    set_traffic(client, sticky=sticky)
    first = users(client, number, sticky)
    assert_near(Counter(first.values())["v2"], number, 0.2)
    assert not moves(first, users(client, 500, sticky))

    # A tenth moves from v1 to v2, and nobody else.
    split(client, v1=0.7, v2=0.3)
    second = users(client, number, sticky)
    assert set(moves(first, second)) == {("v1", "v2")}
    assert_near(moves(first, second)["v1", "v2"], number, 0.1)

    # Half of v1's goes to a third; none changes between the others.
    split(client, v1=0.35, v2=0.3, v3=0.35)
    third = users(client, number, sticky)
    assert set(moves(second, third)) == {("v1", "v3")}
    assert_near(moves(second, third)["v1", "v3"], number, 0.35)

    # While v2 is away, its users go to the others and no one else moves.
    assert client.delete("/models/m/version/v2").status == 200
    away = users(client, number, sticky)
    assert set(moves(third, away)) == {("v2", "v1"), ("v2", "v3")}
    deploy("v2")
    assert not moves(third, users(client, 500, sticky))


def test_where_the_sticky_key_stands(deploy):
    client = deploy("v1", "v2")
    split(client, v1=0.5, v2=0.5)
    set_traffic(client, sticky="field:user")
    for user in ("a", "b", "c", "d", 17):
        versions = {ask(client, user=user) for _ in range(3)}
        body = json.dumps({"user": user, "outputs": ["y"], "inputs": ROW})
        versions |= {version_of(client.send("POST", "/predict/m", body))}
        raw = client.send("POST", f"/predict/m?user={user}", b"\0" * 8,
                          {"Content-Type": "application/octet-stream", "Plinth-Shape": "1,2"})
        versions |= {raw.json["version"]}
        assert len(versions) == 1, user
    assert_within_one(count(client, 100), {"v1": 0.5, "v2": 0.5})  # without a key
    wrong = client.predict("m", ROW, user=[1])
    assert wrong.status == 400 and "'user' must be a string or a number" in wrong.error["message"]
    set_traffic(client, sticky=None)
    assert client.predict("m", ROW, user="a").status == 400, "no field of that name is known"


def test_versions_that_take_other_inputs_share_the_traffic(start_server):
    """The net takes [-1,1,8,8], the pipeline [-1,64]: each request is read by the signature of whom it goes to."""
    server = start_server(roots=[DIGITS])
    client = server.client()
    client.deploy("m", "cnn.onnx", version="v1")
    client.deploy("m", "pipeline.joblib", version="v2")
    split(client, v1=0.5, v2=0.5)
    statuses = Counter()
    for _ in range(100):
        answer = client.predict("m", inputs_for("cnn.onnx", slice(0, 1)))
        statuses[answer.status] += 1
        if answer.status == 200:
            assert answer.json["version"] == "v1"
    assert statuses == {200: 50, 400: 50}, "what is refused counts as a request of whom it was for"


def test_a_change_is_atomic(deploy, backend_server):
    client = deploy("v1", "v2", "v3", "v4")
    split(client, v1=0.5, v2=0.5)
    sets = [{"v1": 0.5, "v2": 0.5}, {"v3": 0.5, "v4": 0.5}]
    stop = threading.Event()
    epoch = 0  # of the changes: odd while one is on its way
    wrong = []

    def run():
        asking = backend_server.client()
        while not stop.is_set():
            before = epoch
            version = ask(asking)
            after = epoch
            # Between `before` and `after` these sets held, the one that was being left included.
            possible = set().union(*(sets[n // 2 % 2] for n in range(before, after + 2)))
            if version not in possible:
                wrong.append((before, after, version))

    runners = [threading.Thread(target=run) for _ in range(4)]
    for runner in runners:
        runner.start()
    for n in range(1, 201):
        epoch += 1
        split(client, **sets[n % 2])
        epoch += 1
    stop.set()
    for runner in runners:
        runner.join()
    assert not wrong, wrong[:5]


def test_removing_a_version_with_weight_leaves_the_rest(deploy, backend_server):
    client = deploy("v1", "v2", "v3")
    split(client, v1=0.5, v2=0.25, v3=0.25)
    removed = threading.Event()

    def remove():
        assert backend_server.client().delete("/models/m/version/v1").status == 200
        removed.set()

    remover = threading.Thread(target=remove)
    remover.start()
    together(backend_server, 4, 250, ask)  # none fails meanwhile
    remover.join()
    assert_within_one(count(client, 100), {"v2": 0.5, "v3": 0.5})
    assert client.get("/models/m/traffic").json == {
        "name": "m", "versions": {"v1": {"traffic": 0.5}, "v2": {"traffic": 0.25}, "v3": {"traffic": 0.25}},
        "sticky": None, "labels": {}, "shares": {"v2": 0.5, "v3": 0.5}}


def test_a_deployment_brings_its_traffic(deploy):
    client = deploy("v1")
    deploy("v2", config={"versions": {"v1": {"traffic": 0.9}, "v2": {"traffic": 0.1}}, "labels": {"canary": "v2"}})
    assert_within_one(count(client, 100), {"v1": 0.9, "v2": 0.1})
    assert ask(client, version="canary") == "v2"
    deploy("v3")  # not in the split
    assert_within_one(count(client, 100), {"v1": 0.9, "v2": 0.1})
    assert client.get("/models/m").json["traffic"] == {
        "versions": {"v1": {"traffic": 0.9}, "v2": {"traffic": 0.1}}, "sticky": None, "labels": {"canary": "v2"}}


def test_versions_may_come_later(deploy, models):
    client = deploy("v1")
    deployed = client.deploy("m", write(models, name="v1", factor=1), version="v1", replace=True,
                             config={"versions": {"v1": {"traffic": 0.5}, "v2": {"traffic": 0.5}}})
    assert "'v2'" in deployed["warnings"][0]
    assert count(client, 10) == {"v1": 10}
    deploy("v2")
    assert_within_one(count(client, 100), {"v1": 0.5, "v2": 0.5})


def test_versions_that_rest_get_their_share(start_server, models):
    for version in ("v1", "v2"):
        (models / "m" / version).mkdir(parents=True)
        write(models / "m" / version, factor=int(version[1]))
    shares = {"v1": 0.5, "v2": 0.5}
    config = {"lazy": True, "versions": {version: {"traffic": share} for version, share in shares.items()}}
    (models / "m" / "plinth.json").write_text(json.dumps({"config": config}))
    server = start_server("--models", models, "--backend-dir", TEST_BACKEND)
    client = server.client()
    wait_for(lambda: client.get("/ready").status == 200, "the first look at the folder")
    assert [version["state"] for version in client.get("/models/m").json["versions"]] == ["unloaded"] * 2
    assert client.get("/models/m/traffic").json["shares"] == shares
    assert_within_one(count(client, 100), shares)


REFUSED = {
    "sum": ({"versions": {"v1": {"traffic": 0.9}, "v2": {"traffic": 0.2}}}, "sums to 1.1, expected 1"),
    "negative": ({"versions": {"v1": {"traffic": -1}, "v2": {"traffic": 2}}}, "from 0 to 1"),
    "not finite": ('{"versions": {"v1": {"traffic": 1e999}}}', "JSON"),
    "text": ({"versions": {"v1": {"traffic": "all"}}}, '"all"'),
    "number": ({"versions": {"v1": 1}}, '{"traffic": 0.9}'),
    "no version": ({"versions": {"v1": {"traffic": 0.5}, "v7": {"traffic": 0.5}}}, "v7"),
    "no target": ({"labels": {"stable": "v7"}}, "v7"),
    "both": ({"versions": {"v1": {"traffic": 1, "shadow": 0.1}}}, "both traffic and shadow"),
    "unknown key": ({"version": {}}, "did you mean 'versions'?"),
    "unknown share": ({"versions": {"v1": {"trafic": 1}}}, "did you mean 'traffic'?"),
    "sticky": ({"sticky": "cookie:id"}, "header:NAME"),
    "sticky by inputs": ({"sticky": "field:inputs"}, "do not have already"),
    "label": ({"labels": {"a b": "v1"}}, "'a b'"),
    "nothing": ({}, "changes nothing"),
    "a list": ([], "expected a JSON object"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_changes_nothing(deploy, case):
    body, message = REFUSED[case]
    client = deploy("v1", "v2")
    split(client, v1=0.5, v2=0.5)
    before = client.get("/models/m/traffic").json
    answer = client.put("/models/m/traffic", body)
    assert answer.status == 400, answer.body
    assert message in answer.error["message"]
    assert client.get("/models/m/traffic").json == before
    assert client.put("/models/none/traffic", {"versions": {}}).status == 404
    assert client.get("/models/none/traffic").status == 404
    assert client.post("/models/m/traffic", {}).status == 405
