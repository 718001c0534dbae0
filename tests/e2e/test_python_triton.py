"""Triton's Python models, written as its users write them and served from their repository."""

import json
import sys
import textwrap

import numpy as np
import pytest

from harness.python_models import serve_triton, workers  # noqa: F401
from harness.server import wait_for

ADD_SUB_CONFIG = """
    name: "add_sub"
    backend: "python"
    input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
    input [ { name: "INPUT1" data_type: TYPE_FP32 dims: [ 4 ] } ]
    output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ 4 ] } ]
    output [ { name: "OUTPUT1" data_type: TYPE_FP32 dims: [ 4 ] } ]
    instance_group [ { kind: KIND_CPU count: 2 } ]
    """

ADD_SUB = """
    import json
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def initialize(self, args):
            self.model_config = model_config = json.loads(args["model_config"])
            output0_config = pb_utils.get_output_config_by_name(model_config, "OUTPUT0")
            self.output0_dtype = pb_utils.triton_string_to_numpy(output0_config["data_type"])
            assert args["model_name"] == "add_sub" and args["model_version"] == "1" and args["model_instance_kind"] == "CPU"
            assert args["model_repository"].endswith("/add_sub") and pb_utils.get_model_dir().endswith("/add_sub/1")
            assert model_config["max_batch_size"] == 0 and model_config["input"][1]["dims"] == [4]
            assert not pb_utils.using_decoupled_model_transaction_policy(model_config)

        def execute(self, requests):
            responses = []
            for request in requests:
                in_0 = pb_utils.get_input_tensor_by_name(request, "INPUT0")
                in_1 = pb_utils.get_input_tensor_by_name(request, "INPUT1")
                out_0 = in_0.as_numpy() + in_1.as_numpy()
                out_1 = in_0.as_numpy() - in_1.as_numpy()
                out_tensor_0 = pb_utils.Tensor("OUTPUT0", out_0.astype(self.output0_dtype))
                out_tensor_1 = pb_utils.Tensor("OUTPUT1", out_1.astype(self.output0_dtype))
                responses.append(pb_utils.InferenceResponse(output_tensors=[out_tensor_0, out_tensor_1]))
            return responses

        def finalize(self):
            print("Cleaning up...")
    """

ONE_TO_ONE = """
    backend: "python"
    input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
    output [ { name: "y" data_type: TYPE_FP32 dims: [ 4 ] } ]
    """


def infer(client, model, datatype="FP32", shape=None, outputs=None, **inputs):
    body = {"inputs": [{"name": name, "datatype": datatype, "shape": shape or list(np.shape(value)), "data": np.ravel(value).tolist()}
                       for name, value in inputs.items()]}
    if outputs:
        body["outputs"] = [{"name": name} for name in outputs]
    return client.post(f"/v2/models/{model}/infer", body)


def outputs_of(answer):
    assert answer.status == 200, answer.body
    return {output["name"]: output["data"] for output in answer.json["outputs"]}


def test_add_sub_runs_unchanged(serve_triton):
    server, client = serve_triton(add_sub=(ADD_SUB_CONFIG, ADD_SUB))
    assert len(workers(server)) == 2
    a, b = np.array([1, 2, 3, 4.5]), np.array([10, 20, 30, 40])
    answer = outputs_of(infer(client, "add_sub", INPUT0=a, INPUT1=b))
    assert answer == {"OUTPUT0": (a + b).tolist(), "OUTPUT1": (a - b).tolist()}
    assert outputs_of(infer(client, "add_sub", INPUT0=a, INPUT1=b, outputs=["OUTPUT1"])) == {"OUTPUT1": (a - b).tolist()}
    metadata = client.get("/v2/models/add_sub").json
    assert metadata["inputs"][0] == {"name": "INPUT0", "datatype": "FP32", "shape": [4]}
    client.post("/v2/repository/models/add_sub/unload", {})
    wait_for(lambda: not workers(server), "the processes to end")
    assert server.log().count("add_sub/1: Cleaning up...") == 2


BLS = """
    import asyncio
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        %s def execute(self, requests):
            responses = []
            for request in requests:
                x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
                infer = lambda **keys: pb_utils.InferenceRequest(
                    model_name="add_sub", requested_output_names=["OUTPUT0"],
                    inputs=[pb_utils.Tensor("INPUT0", x), pb_utils.Tensor("INPUT1", x)], **keys)
                %s
                if any(answer.has_error() for answer in answers):
                    raise pb_utils.TritonModelException(answers[0].error().message())
                y = sum(pb_utils.get_output_tensor_by_name(answer, "OUTPUT0").as_numpy() for answer in answers)
                responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("y", y)]))
            return responses
    """


def test_bls_asks_other_models(serve_triton):
    _, client = serve_triton(
        add_sub=(ADD_SUB_CONFIG, ADD_SUB),
        one=(ONE_TO_ONE, BLS % ("", "answers = [infer().exec()]")),
        several=(ONE_TO_ONE, BLS % ("async", "answers = await asyncio.gather(infer().async_exec(), infer().async_exec(), infer().async_exec())")),
        stream=(ONE_TO_ONE, BLS % ("", "answers = list(infer().exec(decoupled=True))")),
        version=(ONE_TO_ONE, BLS % ("", "answers = [infer(model_version=1).exec()]")),
        wrong=(ONE_TO_ONE, BLS % ("", "answers = [infer(model_version=7).exec()]")))
    x = np.array([1, 2, 3, 4.5])
    for model, factor in (("one", 2), ("several", 6), ("stream", 2), ("version", 2)):
        assert outputs_of(infer(client, model, x=x))["y"] == (factor * x).tolist(), model
    answer = infer(client, "wrong", x=x)
    assert answer.status == 500 and b"7" in answer.body


DECOUPLED = """
    import threading
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def initialize(self, args):
            assert pb_utils.using_decoupled_model_transaction_policy(__import__("json").loads(args["model_config"]))

        def execute(self, requests):
            for request in requests:
                threading.Thread(target=self.answer, args=(request.get_response_sender(), request)).start()
            return None

        def answer(self, sender, request):
            x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
            response = pb_utils.InferenceResponse([pb_utils.Tensor("y", x * 2)])
            count = int(x[0])
            for i in range(count):
                sender.send(response)
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
    """


def test_a_decoupled_model_answers_once(serve_triton):
    _, client = serve_triton(d=(ONE_TO_ONE + "model_transaction_policy { decoupled: True }", DECOUPLED))
    assert outputs_of(infer(client, "d", x=[1, 2, 3, 4]))["y"] == [2, 4, 6, 8]
    several = infer(client, "d", x=[2, 2, 3, 4])
    assert several.status == 501 and b"several answers" in several.body
    none = infer(client, "d", x=[0, 2, 3, 4])
    assert none.status == 500 and b"no answer" in none.body
    assert outputs_of(infer(client, "d", x=[1, 1, 1, 1]))["y"] == [2, 2, 2, 2]


ERRORS = """
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def execute(self, requests):
            code = int(pb_utils.get_input_tensor_by_name(requests[0], "x").as_numpy()[0])
            if code == 100:
                raise pb_utils.TritonModelException("gave up")
            if code == 101:
                return []
            if code == 102:
                return [pb_utils.InferenceResponse([pb_utils.Tensor("z", np.zeros(4, np.float32))])]
            return [pb_utils.InferenceResponse(error=pb_utils.TritonError("an error", code))]
    """


def test_errors(serve_triton):
    _, client = serve_triton(e=(ONE_TO_ONE, ERRORS))
    for code, status, word in ((1, 500, "an error"), (2, 404, "an error"), (3, 400, "an error"), (4, 503, "an error"), (5, 501, "an error"),
                               (100, 500, "TritonModelException: gave up (model.py, line 9"), (101, 500, "a list of 0"),
                               (102, 500, "no output 'y'; it gave 'z'")):
        answer = infer(client, "e", x=[code, 0, 0, 0])
        assert answer.status == status and word.encode() in answer.body, (code, answer.status, answer.body)


STRINGS = """
    import json
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def initialize(self, args):
            config = json.loads(args["model_config"])
            self.suffix = config["parameters"]["suffix"]["string_value"]
            assert config["max_batch_size"] == 8
            kinds = {output["name"]: pb_utils.triton_string_to_numpy(output["data_type"]) for output in config["output"]}
            assert kinds == {"upper": np.object_, "sizes": np.int64}
            pb_utils.Logger.log_info("the suffix is " + self.suffix)

        def execute(self, requests):
            responses = []
            for request in requests:
                words = pb_utils.get_input_tensor_by_name(request, "words")
                assert request.requested_output_names() == {"upper", "sizes"} and words.is_cpu()
                array = words.as_numpy()
                upper = np.array([[word.decode() + self.suffix for word in row] for row in array], dtype=np.object_)
                sizes = pb_utils.Tensor.from_dlpack("sizes", pb_utils.Tensor("s", np.char.str_len(upper.astype(str))).to_dlpack())
                responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("upper", upper), sizes]))
            return responses
    """


def test_strings_batches_parameters_and_dlpack(serve_triton):
    server, client = serve_triton(s=("""
        backend: "python"
        max_batch_size: 8
        input { name: "words" data_type: TYPE_STRING dims: [ -1 ] }
        output { name: "upper" data_type: TYPE_STRING dims: [ -1 ] }
        output { name: "sizes" data_type: TYPE_INT64 dims: [ -1 ] }
        parameters { key: "suffix" value { string_value: "ü!" } }
        """, STRINGS))
    answer = outputs_of(infer(client, "s", datatype="BYTES", words=[["a", "日本"], ["", "ccc"]]))
    assert answer == {"upper": ["aü!", "日本ü!", "ü!", "cccü!"], "sizes": [3, 4, 2, 5]}
    assert "the suffix is ü!" in server.log()
    assert "'suffix' has no effect" not in server.log()


AUTO = """
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        @staticmethod
        def auto_complete_config(auto_complete_model_config):
            auto_complete_model_config.add_input({"name": "x", "data_type": "TYPE_FP32", "dims": [-1]})
            auto_complete_model_config.add_input({"name": "note", "data_type": "TYPE_STRING", "dims": [1], "optional": True})
            auto_complete_model_config.add_output({"name": "y", "data_type": "TYPE_FP32", "dims": [-1]})
            auto_complete_model_config.set_max_batch_size(4)
            auto_complete_model_config.set_dynamic_batching()
            return auto_complete_model_config

        async def execute(self, requests):
            x = requests[0].inputs()[0].as_numpy()
            return [pb_utils.InferenceResponse([pb_utils.Tensor("y", x + 1)])]
    """


def test_a_model_may_complete_its_configuration(serve_triton):
    _, client = serve_triton(auto=('backend: "python"', AUTO))
    assert outputs_of(infer(client, "auto", x=[[1, 2, 3]]))["y"] == [2, 3, 4]
    assert client.get("/v2/models/auto").json["inputs"][0]["shape"] == [-1, -1]


def test_deployed_without_a_repository(start_server, models):
    (models / "model.py").write_text(textwrap.dedent(AUTO.replace("@staticmethod\n        def auto_complete", "def unused")))
    client = start_server("--allow-code", models, "--python", sys.executable).client()
    refused = client.try_deploy("m", models / "model.py")
    assert refused.status == 422 and "auto_complete_config" in refused.error["message"]
    spec = [{"name": "x", "datatype": "FP32", "shape": [3]}]
    client.deploy("m", models / "model.py", config={"inputs": spec, "outputs": [{**spec[0], "name": "y"}]})
    assert client.predict("m", {"x": [1, 2, 3]}).outputs == [2, 3, 4]
    broken = json.dumps({"triton_config": "{"})
    assert client.try_deploy("b", models / "model.py", config={"options": json.loads(broken)}).status == 422


def test_no_program_of_a_repository_runs_unless_allowed(start_server, models):
    folder = models / "m" / "1"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text("raise SystemExit")
    (folder.parent / "config.pbtxt").write_text('backend: "python"')
    client = start_server("--model-repository", models).client()
    version = wait_for(lambda: (answer := client.get("/models/m")).status == 200 and answer.json["versions"][0]["state"] == "failed"
                       and answer.json["versions"][0], "the model to fail")
    assert "is a program" in version["error"]
