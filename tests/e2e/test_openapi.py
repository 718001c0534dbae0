"""The description that the server gives of itself is valid, and true of its answers."""

import json

import jsonschema
import pytest
from openapi_spec_validator import validate

from harness.digits import inputs_for
from harness.server import ROOT, wait_for

ROW = inputs_for("pipeline.joblib", slice(0, 1))


@pytest.fixture(scope="module")
def document(session_server):
    return session_server.client().get("/openapi.json").json


def test_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_is_the_file_in_the_docs(document):
    assert document == json.loads((ROOT / "docs" / "openapi.json").read_text())


def schema_of(document, method, template, status, content="application/json"):
    """The schema of that answer, with the document's components beside it for $refs."""
    responses = document["paths"][template][method.lower()]["responses"]
    response = responses.get(str(status)) or responses.get(f"{str(status)[0]}XX") or responses.get("default")
    assert response is not None, f"{method} {template} does not describe {status}"
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return {"components": document["components"], **response["content"][content]["schema"]}


def check(document, answer, method, template):
    schema = schema_of(document, method, template, answer.status)
    jsonschema.Draft202012Validator(schema).validate(answer.json)


def path_of(document, *words):
    """The template of the document that has these parts, whatever its parameters are called."""
    for template in document["paths"]:
        parts = ["*" if part.startswith("{") else part for part in template.strip("/").split("/")]
        if parts == list(words):
            return template
    raise AssertionError(f"{'/'.join(words)} is not described")


def test_real_answers_fit_their_schemas(document, client, name):
    models, model = path_of(document, "models"), path_of(document, "models", "*")
    events = path_of(document, "models", "*", "events")
    version, predict = path_of(document, "models", "*", "version", "*"), path_of(document, "predict", "*")

    def go(method, template, path, body=None, status=200):
        answer = client.send(method, path, body)
        assert answer.status == status, answer.body
        if answer.body:
            check(document, answer, method, template)

    go("POST", models, "/models", {"name": name, "path": "pipeline.joblib", "config": {"batch_size": 8}}, 201)
    go("POST", version, f"/models/{name}/version/v2", {"path": "cnn.onnx"}, 201)
    go("POST", version, f"/models/{name}/version/v3", {"path": "pipeline_strings.pkl"}, 201)
    go("GET", models, "/models")
    go("GET", model, f"/models/{name}")
    traffic = path_of(document, "models", "*", "traffic")
    go("GET", traffic, f"/models/{name}/traffic")
    go("PUT", traffic, f"/models/{name}/traffic", {"versions": {"v1": {"traffic": 0.5}, "v3": {"traffic": 0.5}},
                                                  "sticky": "header:X-User", "labels": {"stable": "v1"}})
    go("GET", model, f"/models/{name}")
    go("PUT", traffic, f"/models/{name}/traffic", {"versions": {"v1": {"traffic": 0.5}}}, 400)
    go("PUT", traffic, "/models/none/traffic", {"versions": {}}, 404)
    go("PUT", traffic, f"/models/{name}/traffic", {"versions": {}})
    go("POST", predict, f"/predict/{name}", {"inputs": ROW, "version": "v1"})
    go("POST", predict, f"/predict/{name}", {"inputs": inputs_for("cnn.onnx"), "version": "v2"})
    go("POST", predict, f"/predict/{name}", {"inputs": ROW})
    go("POST", models, "/models", {"name": name, "path": "pipeline.joblib"}, 409)
    go("POST", models, "/models", {"nme": name}, 400)
    go("POST", models, "/models", {"name": name, "version": "v9", "path": "nothing"}, 404)
    go("POST", models, "/models", {"name": name, "version": "v9", "path": "/etc/passwd"}, 403)
    go("POST", models, "/models", {"name": name, "version": "v9", "path": "README.md"}, 422)
    go("POST", predict, f"/predict/{name}", {"inputs": [[1]]}, 400)
    go("POST", predict, "/predict/none", {"inputs": [[1]]}, 404)
    go("GET", model, "/models/none", status=404)
    go("GET", events, f"/models/{name}/events")
    go("GET", events, f"/models/{name}/events?limit=0", status=400)
    go("GET", events, "/models/none/events", status=404)
    for path in ("health", "ready"):
        go("GET", path_of(document, path), f"/{path}")
    rollout = {"to": "v4", "steps": [0.5, 1], "every_s": 3600, "abort_if": {"disagreement": 1, "p99_ms": 1e6}}
    go("POST", version, f"/models/{name}/version/v4", {"path": "pipeline.joblib", "config": {"rollout": rollout}}, 201)
    for _ in range(40):
        go("POST", predict, f"/predict/{name}", {"inputs": ROW})
    wait_for(lambda: "shadow" in client.get(f"/models/{name}/version/v4").json, "a copy for v4")
    go("GET", model, f"/models/{name}")
    go("GET", version, f"/models/{name}/version/v4")
    rollout = path_of(document, "models", "*", "rollout")
    go("GET", rollout, f"/models/{name}/rollout")
    go("DELETE", rollout, f"/models/{name}/rollout")
    go("DELETE", rollout, f"/models/{name}/rollout", status=409)
    go("GET", rollout, "/models/none/rollout", status=404)
    removed = client.delete(f"/models/{name}/version/v2")
    if removed.body:
        check(document, removed, "DELETE", version)
    removed = client.delete(f"/models/{name}")
    if removed.body:
        check(document, removed, "DELETE", model)


def test_every_route_is_described(document):
    for words in (["models"], ["models", "*"], ["models", "*", "events"], ["models", "*", "version", "*"], ["predict", "*"], ["health"], ["ready"],
                  ["metrics"], ["openapi.json"]):
        path_of(document, *words)


def test_examples_fit_their_schemas(document):
    """What a reader would copy is valid."""
    checked = 0
    for template, item in document["paths"].items():
        for operation in (v for k, v in item.items() if k in ("get", "post", "put", "delete")):
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [r.get("content", {}) for r in operation["responses"].values()]
            for media in (c["application/json"] for c in contents if "application/json" in c):
                examples = [e["value"] for e in media.get("examples", {}).values() if "value" in e]
                examples += [media["example"]] if "example" in media else []
                for example in examples:
                    schema = {"components": document["components"], **media["schema"]}
                    jsonschema.Draft202012Validator(schema).validate(example)
                    checked += 1
    assert checked > 3
