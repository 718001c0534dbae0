"""Deploying, replacing, versions, removing, and what the lists say of it."""

import shutil

import pytest

from harness.digits import assert_recorded, inputs_for
from harness.server import DIGITS

PIPELINE = inputs_for("pipeline.joblib", slice(0, 2))


def versions_of(client, name):
    return [v["version"] for v in client.get(f"/models/{name}").json["versions"]]


def test_answer_describes_the_model(client, name):
    answer = client.try_deploy(name, "pipeline.joblib", framework="sklearn",
                               config={"batch_size": 32, "timeout_ms": 5000})
    assert answer.status == 201
    body = answer.json
    assert body["name"] == name and body["version"] == "v1" and body["state"] == "ready"
    assert body["framework"] == "sklearn" and body["engine"] == "sklearn" and body["load_ms"] >= 0
    assert [(set(i) >= {"name", "datatype", "shape"}, i["datatype"], i["shape"]) for i in body["inputs"]] == [
        (True, "FP64", [-1, 64])]
    assert [(o["name"], o["datatype"], o["shape"]) for o in body["outputs"]] == [
        ("label", "INT64", [-1]), ("probabilities", "FP64", [-1, 10])]


def test_list_and_description(client, name):
    client.deploy(name, "pipeline.joblib", config={"batch_size": 7, "timeout_ms": 1234})
    listed = {m["name"]: m for m in client.get("/models").json["models"]}
    assert name in listed
    (version,) = client.get(f"/models/{name}").json["versions"]
    assert version["version"] == "v1" and version["state"] == "ready"
    assert version["framework"] == "sklearn" and version["engine"] == "sklearn"
    assert version["config"]["batch_size"] == 7 and version["config"]["timeout_ms"] == 1234
    assert version["config"]["instances"] >= 1, "what was chosen, not what was left out"
    assert version["inputs"][0]["shape"] == [-1, 64]


def test_same_version_again_is_refused(client, name):
    client.deploy(name, "pipeline.joblib")
    error = client.try_deploy(name, "forest.joblib")
    assert error.status == 409 and error.error["code"] == "ALREADY_EXISTS"
    assert "replace" in error.error["message"]
    assert_recorded("pipeline.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))


def test_replace(client, name):
    client.deploy(name, "pipeline.joblib")
    client.deploy(name, "forest.joblib", replace=True)
    assert versions_of(client, name) == ["v1"]
    assert_recorded("forest.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))


def test_replace_by_another_framework(client, name):
    client.deploy(name, "pipeline.joblib")
    client.deploy(name, "cnn.onnx", replace=True)
    assert_recorded("cnn.onnx", client.predict(name, inputs_for("cnn.onnx")).outputs)


def test_failed_replacement_leaves_the_old_one(client, name, root):
    client.deploy(name, "pipeline.joblib")
    (root / "broken.onnx").write_bytes(b"not a model")
    assert client.try_deploy(name, root / "broken.onnx", replace=True).status == 422
    assert_recorded("pipeline.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))
    assert versions_of(client, name) == ["v1"]


def test_failed_version_is_shown_and_can_be_deployed_again(client, name, root):
    (root / "broken.onnx").write_bytes(b"not a model")
    refused = client.try_deploy(name, root / "broken.onnx")
    assert refused.status == 422 and refused.error["code"] == "INVALID_MODEL"
    described = client.get(f"/models/{name}")
    if described.status == 200:
        (version,) = described.json["versions"]
        assert version["state"] == "failed" and version["error"]
        assert client.predict(name, PIPELINE).status == 503
    client.deploy(name, "pipeline.joblib")
    assert_recorded("pipeline.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))


def test_newest_version_answers_in_natural_order(client, name):
    client.deploy(name, "forest.joblib", version="v9")
    client.deploy(name, "pipeline.joblib", version="v10")
    client.deploy(name, "pipeline_strings.pkl", version="v2")
    assert versions_of(client, name) == ["v2", "v9", "v10"]
    newest = client.predict(name, PIPELINE)
    assert newest.json["version"] == "v10"
    assert_recorded("pipeline.joblib", newest.outputs, slice(0, 2))
    for version, file in (("v2", "pipeline_strings.pkl"), ("v9", "forest.joblib"), ("v10", "pipeline.joblib")):
        answer = client.predict(name, PIPELINE, version=version)
        assert answer.json["version"] == version
        assert_recorded(file, answer.outputs, slice(0, 2))


def test_version_key_before_or_after_inputs(client, name):
    """Versions may take different inputs; the key decides wherever it stands."""
    client.deploy(name, "pipeline.joblib", version="v1")
    client.deploy(name, "cnn.onnx", version="v2")
    inputs = inputs_for("pipeline.joblib", slice(0, 2))
    for body in ({"version": "v1", "inputs": inputs}, {"inputs": inputs, "version": "v1"}):
        assert_recorded("pipeline.joblib", client.post(f"/predict/{name}", body).outputs, slice(0, 2))
    assert client.predict(name, inputs).status == 400, "v2 takes images"


@pytest.mark.parametrize("route", ["version", "versions"])
def test_deploy_and_remove_by_version_route(client, name, route):
    answer = client.post(f"/models/{name}/{route}/v3", {"path": "pipeline.joblib"})
    assert answer.status == 201 and answer.json["version"] == "v3" and answer.json["name"] == name
    client.post(f"/models/{name}/{route}/v4", {"path": "forest.joblib"})
    assert client.predict(name, PIPELINE).json["version"] == "v4"
    assert client.delete(f"/models/{name}/{route}/v4").status in (200, 204)
    assert client.predict(name, PIPELINE).json["version"] == "v3"
    assert versions_of(client, name) == ["v3"]


def test_removed_newest_version_hands_over_to_the_one_before(client, name):
    client.deploy(name, "pipeline.joblib", version="v1")
    client.deploy(name, "forest.joblib", version="v2")
    client.delete(f"/models/{name}/version/v2")
    assert_recorded("pipeline.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))


def test_remove_model(client, name):
    client.deploy(name, "pipeline.joblib", version="v1")
    client.deploy(name, "forest.joblib", version="v2")
    assert client.delete(f"/models/{name}").status in (200, 204)
    for answer in (client.get(f"/models/{name}"), client.predict(name, PIPELINE), client.delete(f"/models/{name}"),
                   client.delete(f"/models/{name}/version/v1")):
        assert answer.status == 404 and answer.error["code"] == "NOT_FOUND"
    assert name not in {m["name"] for m in client.get("/models").json["models"]}
    client.deploy(name, "forest.joblib")
    assert_recorded("forest.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))


def test_removed_model_answers_after_its_files_are_gone_until_removed(client, name, root):
    """A deployed model needs its files no more."""
    shutil.copy(DIGITS / "pipeline.joblib", root / "gone.joblib")
    client.deploy(name, root / "gone.joblib")
    (root / "gone.joblib").unlink()
    assert_recorded("pipeline.joblib", client.predict(name, PIPELINE).outputs, slice(0, 2))


def test_names_are_percent_decoded(client, name):
    client.deploy(f"{name}.a_b-c", "pipeline.joblib")
    for spelled in (f"{name}.a_b-c", f"{name}%2ea%5fb%2Dc"):
        assert client.predict(spelled, PIPELINE).status == 200
    assert client.delete(f"/models/{name}.a_b-c").status in (200, 204)


def test_location_of_what_was_deployed(client, name):
    answer = client.try_deploy(name, "pipeline.joblib")
    assert client.get(answer.headers["location"]).status == 200
