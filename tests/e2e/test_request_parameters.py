"""What a request says to the model beside its tensors: its id and its parameters, from every protocol to models that are programs."""

import json
import threading

import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http

from harness.python_models import client, code, deploy, isolating, serve_triton, server, start  # noqa: F401
from harness.release import wait_for_shadow

SAYS = """
    import json
    import numpy as np
    import plinth

    class Model:
        signature = {"inputs": {"x": ("float32", [-1, 1])}, "outputs": {"y": ("float32", [-1, 1]), "said": ("str", [-1, 1])}, "batch": True}

        def predict(self, inputs):
            said = json.dumps([plinth.request.id, plinth.request.parameters], sort_keys=True)
            return {"y": inputs["x"] * plinth.request.parameters.get("factor", 1), "said": np.full(inputs["x"].shape, said, object)}
    """

TRITON_SAYS = """
    import json
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def execute(self, requests):
            responses = []
            for request in requests:
                said = json.dumps([request.request_id(), request.correlation_id(), request.flags(), request.timeout(),
                                   json.loads(request.parameters())], sort_keys=True)
                responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("said", np.array([said], dtype=object))]))
            return responses
    """

TRITON_CONFIG = """
    backend: "python"
    input [ { name: "x" data_type: TYPE_FP32 dims: [ 1 ] } ]
    output [ { name: "said" data_type: TYPE_STRING dims: [ 1 ] } ]
    """

TYPESCRIPT = """
    export const signature = {inputs: {x: {dtype: "float32", shape: [-1, 1]}}, outputs: {said: {dtype: "string", shape: [1]}}};
    export function predict({ x }, ctx) { return { said: [JSON.stringify([ctx.request.id, ctx.request.parameters])] }; }
    """


@pytest.fixture(params=["process", "thread"])
def isolation(request):
    return request.param


def infer(client, model, x=(1,), **keys):
    tensor = {"name": "x", "datatype": "FP32", "shape": [len(x), 1], "data": list(x)}
    answer = client.post(f"/v2/models/{model}/infer", {"inputs": [tensor], **keys})
    assert answer.status == 200, answer.body
    return {output["name"]: output["data"] for output in answer.json["outputs"]}


def said(client, model, **keys):
    return json.loads(infer(client, model, **keys)["said"][0])


GIVEN = {"temperature": 0.5, "stop": "\n\u00e9", "top_k": -3, "greedy": False, "seed": 2**64 - 1}


def test_python_models_see_them(server, client, deploy):
    deploy(SAYS)
    assert said(client, "m") == ["", {}]
    assert said(client, "m", id="7", parameters=GIVEN) == ["7", GIVEN]
    # What is of the protocol alone is not for the model; what is for both is.
    sequence = {"sequence_id": 3, "sequence_start": True}
    assert said(client, "m", parameters={"binary_data_output": False, "priority": 1, **sequence}) == ["", {"priority": 1, **sequence}]
    assert said(client, "m") == ["", {}]

    http = triton_http.InferenceServerClient(f"127.0.0.1:{server.port}")
    grpc = triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}")
    given = {"temperature": 0.5, "stop": "\u00e9", "top_k": 4, "greedy": True}
    for module, triton in ((triton_http, http), (triton_grpc, grpc)):
        tensor = module.InferInput("x", [1, 1], "FP32")
        tensor.set_data_from_numpy(np.ones((1, 1), np.float32))
        answer = triton.infer("m", [tensor], request_id="r-1", parameters=given, sequence_id=9, sequence_end=True)
        heard = json.loads(answer.as_numpy("said")[0][0])
        assert heard == ["r-1", {**given, "sequence_id": 9, "sequence_start": False, "sequence_end": True}]
    http.close()
    grpc.close()


def test_predict_takes_any_object(client, deploy):
    deploy(SAYS)
    deep = {"stop": ["a", "b\u0000"], "bias": {"7": -1.5, "8": None}, "n": 10**18, "on": True}
    answer = client.predict("m", {"x": [[2]]}, parameters=deep)
    assert json.loads(answer.outputs["said"][0][0]) == ["", deep]
    assert client.predict("m", {"x": [[2]]}, parameters={"factor": 3}).outputs["y"] == [[6]]
    assert json.loads(client.predict("m", {"x": [[2]]}, parameters={}).outputs["said"][0][0]) == ["", {}]
    for wrong, message in ((7, "must be an object"), ([1], "must be an object"), (json.loads("[" * 40 + "]" * 40), "must be an object"),
                           ({"a": json.loads("[" * 40 + "]" * 40)}, "32 deep")):
        answer = client.predict("m", {"x": [[2]]}, parameters=wrong)
        assert answer.status == 400 and "'parameters'" in answer.error["message"] and message in answer.error["message"], answer.body
    for text in ('{"a": 01}', '{"a": tru}', '{"a": 1e999}', '{"a": "\\x"}', '{"a" 1}', '{"a": 1'):
        answer = client.send("POST", "/predict/m", b'{"inputs": {"x": [[2]]}, "parameters": ' + text.encode() + b"}",
                             {"Content-Type": "application/json"})
        assert answer.status == 400, (text, answer.body)
    assert client.predict("m", {"x": [[2]]}).status == 200


def test_a_shadow_sees_them_too(client, code):
    path = code(SAYS)
    for version, versions in (("v1", {}), ("v2", {"versions": {"v1": {"traffic": 1}, "v2": {"shadow": 1}}})):
        client.deploy("m", path, version=version, config=versions)
    for factor in range(5):
        answer = client.predict("m", {"x": [[2]]}, parameters={"factor": factor})
        assert (answer.json["version"], answer.outputs["y"]) == ("v1", [[2 * factor]])
    shadow = wait_for_shadow(client, 5)
    assert (shadow["disagreement"], shadow["max_abs"]) == (0, 0)


def test_generate_gives_what_is_no_input(client, code):
    client.deploy("writer", code("""
        import json
        import plinth

        def predict(inputs):
            return {"text_output": json.dumps([plinth.request.id, plinth.request.parameters], sort_keys=True)}

        signature = {"inputs": {"text_input": ("str", [1])}, "outputs": {"text_output": ("str", [])}}
        """))
    body = {"text_input": "hello", "id": "9", "parameters": {"temperature": 0.1, "stream": False}, "max_tokens": 5}
    answer = client.post("/v2/models/writer/generate", body)
    assert answer.status == 200, answer.body
    assert json.loads(answer.json["text_output"]) == ["9", {"temperature": 0.1, "stream": False, "max_tokens": 5}]


def test_rows_with_other_parameters_are_never_joined(server, client, deploy):
    deploy(SAYS, batch_size=8, batch_timeout_ms=20)
    wrong = []

    def ask(factor):
        for i in range(20):
            answer = server.client().predict("m", {"x": [[i]]}, parameters={"factor": factor})
            if answer.status != 200 or answer.outputs["y"] != [[i * factor]]:
                wrong.append(answer.body)

    threads = [threading.Thread(target=ask, args=(factor,)) for factor in (1, 2, 2, 3, 3, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_cached_answers_are_of_the_same_parameters(client, deploy):
    deploy(SAYS, cache_size=10)

    def ask(**keys):
        answer = client.predict("m", {"x": [[2]]}, **keys)
        return answer.outputs["y"], answer.json.get("cached", False)

    assert ask() == ([[2]], False)
    assert ask() == ([[2]], True)
    assert ask(parameters={"factor": 3}) == ([[6]], False)
    assert ask(parameters={"factor": 3}) == ([[6]], True)
    assert ask(parameters={"factor": 4}) == ([[8]], False)
    assert ask() == ([[2]], True)


def test_calls_and_pipelines_pass_them_on(server, client, deploy, code):
    deploy(SAYS)
    client.deploy("caller", code("""
        import plinth

        class Model:
            signature = {"inputs": {"x": ("float32", [-1, 1])}, "outputs": {"said": ("str", [-1, 1])}}

            def predict(self, inputs):
                own = plinth.request.parameters
                plain = plinth.models.get("m").predict({"x": inputs["x"]}, ["said"])["said"]
                given = plinth.models.get("m").predict({"x": inputs["x"]}, ["said"], {"from": "caller", **own}, plinth.request.id + "+")["said"]
                try:
                    plinth.models.get("m").predict({"x": inputs["x"]}, parameters=[1])
                except plinth.CallFailed as refused:
                    assert refused.code == "INVALID_ARGUMENT" and "parameters of the call" in refused.message
                return {"said": given if own else plain}
        """, "caller.py"))
    assert said(client, "caller", id="1") == ["", {}]
    assert said(client, "caller", id="1", parameters={"a": 1}) == ["1+", {"a": 1, "from": "caller"}]

    spec = {"steps": [{"name": "s", "model": "m", "inputs": {"x": "x"}}], "outputs": {"said": "s.said"}}
    path = code(json.dumps(spec), "pipe.json")
    server.client().deploy("pipe", path, framework="pipeline")
    assert said(client, "pipe", id="p", parameters={"a": 1}) == ["p", {"a": 1}]


def test_typescript_models_see_them(start, code):
    client = start().client()
    client.deploy("ts", code(TYPESCRIPT, "model.ts"))
    assert said(client, "ts") == ["", {}]
    assert said(client, "ts", id="7", parameters=GIVEN | {"seed": 1}) == ["7", GIVEN | {"seed": 1}]
    client.deploy("asks", code("""
        export const signature = {inputs: {x: {dtype: "float32", shape: [-1, 1]}}, outputs: {said: {dtype: "string", shape: [1]}}};
        export async function predict({ x }, ctx) {
          const given = await ctx.models.get("ts").predict({ x }, { parameters: { ...ctx.request.parameters, b: [2] }, requestId: "inner" });
          return { said: given.said };
        }
        """, "asks.ts"))
    assert said(client, "asks", parameters={"a": 1}) == ["inner", {"a": 1, "b": [2]}]


def test_tritons_python_models_see_them(serve_triton):
    _, client = serve_triton(says=(TRITON_CONFIG, TRITON_SAYS))

    def heard(**keys):
        tensor = {"name": "x", "datatype": "FP32", "shape": [1], "data": [1]}
        answer = client.post("/v2/models/says/infer", {"inputs": [tensor], **keys})
        assert answer.status == 200, answer.body
        return json.loads(answer.json["outputs"][0]["data"][0])

    assert heard() == ["", 0, 0, 0, {}]
    assert heard(id="a", parameters={"max_tokens": 4, "timeout": 5_000_000, "priority": 1}) == ["a", 0, 0, 5_000_000, {"max_tokens": 4}]
    assert heard(parameters={"sequence_id": 5, "sequence_start": True, "sequence_end": False}) == ["", 5, 1, 0, {}]
    assert heard(parameters={"sequence_id": "five", "sequence_end": True}) == ["", "five", 2, 0, {}]
