"""Pipelines: the examples against what the frameworks themselves computed, and what users meet on the way."""

import base64
import json
import shutil
import sys
import threading

import numpy as np
import pytest
import tritonclient.grpc as triton_grpc

from harness.digits import IMAGES, MODELS
from harness.server import ROOT, DIGITS, wait_for

EXAMPLES = ROOT / "examples" / "pipelines"
PICTURES = json.loads((EXAMPLES / "images.json").read_text())
EXPECTED = json.loads((EXAMPLES / "expected.json").read_text())
PNGS = [{"b64": picture} for picture in PICTURES["images"]]


@pytest.fixture
def pipelines(start_server, tmp_path):
    """A server on a folder that models can be put into, and a client."""
    root = tmp_path / "root"
    root.mkdir()
    server = start_server(roots=[DIGITS, EXAMPLES, root])
    server.root = root
    yield server


def write(root, name, pipeline):
    folder = root / name
    folder.mkdir(exist_ok=True)
    (folder / "pipeline.json").write_text(json.dumps(pipeline))
    return str(folder)


def deploy(client, name, path, **more):
    return client.post("/models", {"name": name, "path": str(path), **more})


def deploy_digits(client):
    for name, file in (("digits-onnx", "cnn.onnx"), ("digits-pytorch", "cnn.pt"), ("digits-tensorflow", "keras_savedmodel"),
                       ("digits-sklearn", "pipeline.joblib")):
        assert deploy(client, name, file).status == 201, name


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def recorded(file, output):
    return np.array(next(spec["data"] for spec in MODELS[file]["outputs"] if spec["name"] == output))


def test_pictures_through_typescript_onnx_and_sklearn(pipelines):
    client = pipelines.client()
    deployed = deploy(client, "digits", EXAMPLES / "digits-images")
    assert deployed.status == 201, deployed.body
    assert deployed.json["framework"] == "pipeline" and deployed.json["engine"] == "pipeline"
    assert [(i["name"], i["datatype"], i["shape"]) for i in deployed.json["inputs"]] == [("image", "BYTES", [-1])]

    answer = client.post("/predict/digits", {"inputs": PNGS}).outputs
    assert answer["label"] == EXPECTED["label"]
    assert np.allclose(answer["probabilities"], EXPECTED["probabilities"], atol=1e-5)
    alone = client.post("/predict/digits", {"inputs": [PNGS[5]], "outputs": ["label"], "trace": True})
    assert alone.outputs == EXPECTED["label"][5:6]
    trace = alone.json["trace"]
    assert [step["step"] for step in trace] == ["decode", "preprocess", "features", "classify"]
    assert all(step["ms"] >= 0 and step["start_ms"] >= 0 for step in trace)
    assert trace[2]["model"] == "digits/features"
    metrics = client.get("/metrics").body.decode()
    assert 'model_requests_total{model="digits",version="v1"} 2' in metrics
    assert 'model_requests_total{model="digits/preprocess",version="v1"} 2' in metrics
    assert [model["name"] for model in client.get("/models").json["models"]] == ["digits"]

    broken = client.post("/predict/digits", {"inputs": ["no picture"]})
    assert broken.status == 400 and broken.error["message"].startswith("step 'decode': "), broken.body


def test_frameworks_vote(pipelines):
    client = pipelines.client()
    refused = deploy(client, "vote", EXAMPLES / "digits-vote")
    assert refused.status == 409 and refused.error["code"] == "FAILED_PRECONDITION", refused.body
    assert "model 'digits-tensorflow' is not deployed" in refused.error["message"]
    deploy_digits(client)
    assert deploy(client, "vote", EXAMPLES / "digits-vote").status == 201
    answer = client.post("/predict/vote", {"inputs": IMAGES.reshape(-1, 64).tolist()}).outputs
    wanted = (recorded("keras_savedmodel", "output_0") + softmax(recorded("cnn.pt", MODELS["cnn.pt"]["outputs"][0]["name"])) +
              recorded("pipeline.joblib", "probabilities")) / 3
    assert np.allclose(answer["probabilities"], wanted, atol=1e-5)
    words = "zero one two three four five six seven eight nine".split()
    assert answer["digit"] == [[words[best]] for best in wanted.argmax(axis=1)]
    assert np.allclose(np.array(answer["confidence"])[:, 0], wanted.max(axis=1), atol=1e-5)


def test_a_triton_ensemble_as_it_is(start_server, tmp_path):
    import tritonclient.http

    repository = tmp_path / "repository"
    shutil.copytree(EXAMPLES / "triton", repository)
    server = start_server("--model-repository", repository)
    client = server.client()
    wait_for(lambda: client.get("/ready").status == 200, "the repository to be loaded")
    states = {m["name"]: [v["state"] for v in m["versions"]] for m in client.get("/models").json["models"]}
    assert states == {"digits": ["ready"], "digits_classes": ["ready"], "digits_features": ["ready"]}, server.log()

    triton = tritonclient.http.InferenceServerClient(f"127.0.0.1:{server.port}")
    image = tritonclient.http.InferInput("IMAGE", [64, 1, 8, 8], "FP32")
    image.set_data_from_numpy(IMAGES.reshape(-1, 1, 8, 8).astype(np.float32))
    config = triton.get_model_config("digits")
    steps = config["ensemble_scheduling"]["step"]
    told = [(step["model_name"], step["model_version"], step["input_map"], step["output_map"]) for step in steps]
    assert told == [("digits_features", -1, {"image": "IMAGE"}, {"features": "learnt"}),
                    ("digits_classes", -1, {"features": "learnt"}, {"logits": "LOGITS"})]  # fmt: skip
    assert config["platform"] == triton.get_model_metadata("digits")["platform"] == "ensemble" and config["parameters"] == {}
    with triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as grpc:
        steps = grpc.get_model_config("digits").config.ensemble_scheduling.step
        assert told == [(step.model_name, step.model_version, dict(step.input_map), dict(step.output_map)) for step in steps]
    logits = triton.infer("digits", [image]).as_numpy("LOGITS")
    assert np.allclose(logits, EXPECTED["logits"], atol=1e-4)
    assert np.allclose(logits, recorded("cnn.onnx", "logits"), atol=1e-4)
    triton.close()


def test_members_may_come_later(start_server, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    write(models, "both", {"steps": ["first", {"builtin": "argmax", "inputs": "first"}]})
    server = start_server("--models", models, "--watch-settle-ms", 50)
    client = server.client()
    wait_for(lambda: client.get("/ready").status == 200, "the start")
    both = client.get("/models/both").json["versions"][0]
    assert both["state"] == "failed" and "'first' is not deployed" in both["error"], both
    shutil.copy(DIGITS / "cnn.onnx", models / "first.onnx")
    wait_for(lambda: client.get("/models/both").json["versions"][0]["state"] == "ready", "the pipeline")
    answer = client.post("/predict/both", {"inputs": IMAGES.reshape(-1, 1, 8, 8).tolist()})
    assert answer.outputs == recorded("cnn.onnx", "logits").argmax(axis=1).tolist()


@pytest.mark.parametrize("pipeline, message", [
    ({}, 'the pipeline: it has no "steps"'),
    ({"steps": []}, "the pipeline key 'steps' is an array, expected 1 to 256 steps"),
    ({"step": ["a"]}, "the pipeline key 'step' is unknown; did you mean 'steps'?"),
    ({"steps": [{"model": "digits-onnx", "input": "x"}]}, "step 'digits-onnx' key 'input' is unknown; did you mean 'inputs'?"),
    ({"steps": [{"name": "a"}]}, "expected one of \"model\", \"file\", \"builtin\", \"graph\", \"switch\" and \"if\", 0 are given"),
    ({"steps": [{"name": "a b", "model": "digits-onnx"}]}, "step 1 is called 'a b'; expected"),
    ({"steps": [{"name": "f", "file": "../cnn.onnx"}]}, "step 'f': "),
    ({"steps": [{"name": "f", "file": "/etc/passwd"}]}, "step 'f': "),
    ({"steps": ["digits-onnx", {"builtin": "top_k", "options": {"k": "many"}}]}, "step 'top_k': options key 'k' is \"many\", expected a whole number"),
    ({"steps": ["digits-onnx", {"builtin": "top_k", "options": {"n": 3}}]}, "options key 'n' is unknown"),
    ({"steps": ["digits-onnx", "digits-sklearn"]}, "step 'digits-sklearn'"),
    ({"steps": ["digits-onnx", {"builtin": "reshape", "options": {"shape": [-1, 10]}}, "digits-sklearn"]},
     "output 'y' of step 'reshape' is FP32 [-1,10], but input"),
])
def test_what_is_wrong_is_said(pipelines, pipeline, message):
    client = pipelines.client()
    for name, file in (("digits-onnx", "cnn.onnx"), ("digits-sklearn", "pipeline.joblib")):
        assert deploy(client, name, file).status == 201
    answer = deploy(client, "bad", write(pipelines.root, "bad", pipeline))
    assert answer.status >= 400 and message in answer.error["message"], answer.body
    assert client.post("/predict/digits-sklearn", {"inputs": [[0] * 64]}).status == 200


def test_three_languages_in_one_request(start_server, tmp_path):
    """TypeScript, C++ (scikit-learn) and Python, with the same computed by NumPy; one function of a script is a step."""
    root = tmp_path / "root"
    root.mkdir()
    server = start_server("--allow-code", root, "--python", sys.executable, roots=[DIGITS, root])
    client = server.client()
    assert deploy(client, "digits-sklearn", "pipeline.joblib").status == 201
    folder = root / "mixed"
    folder.mkdir()
    (folder / "steps.ts").write_text("""
        export const signatures = {
          halve: {inputs: {x: {dtype: "float64", shape: [-1, 64]}}, outputs: {y: {dtype: "float64", shape: [-1, 64]}}}};
        export const halve = ({x}: {x: Tensor}) => ({y: tensor(x.data.map((value: number) => value / 2), x.shape)});
    """)
    (folder / "entropy.py").write_text("""
import numpy as np


class Model:
    signature = {"inputs": {"p": ("float64", [-1, 10])}, "outputs": {"entropy": ("float64", [-1])}}

    def predict(self, inputs):
        p = inputs["p"]
        return {"entropy": -(p * np.log(p)).sum(axis=1)}
""")
    path = write(root, "mixed", {
        "steps": [{"name": "halve", "file": "steps.ts", "function": "halve"}, {"name": "classify", "model": "digits-sklearn"},
                  {"name": "entropy", "file": "entropy.py", "inputs": "classify.probabilities"}],
        "outputs": ["classify.label", "entropy.entropy"]})
    deployed = deploy(client, "mixed", path)
    assert deployed.status == 201, deployed.body
    pixels = IMAGES.reshape(-1, 64)
    answer = client.post("/predict/mixed", {"inputs": (pixels * 2).tolist()}).outputs
    p = recorded("pipeline.joblib", "probabilities")
    assert answer["label"] == recorded("pipeline.joblib", "label").tolist()
    assert np.allclose(answer["entropy"], -(p * np.log(p)).sum(axis=1), atol=1e-9)
    assert deploy(client, "elsewhere", EXAMPLES / "digits-images").status == 403  # not a root of this server


def test_reloads_under_load(pipelines):
    """Members and the pipeline are replaced while requests run: every answer is right."""
    shutil.copytree(EXAMPLES / "digits-images", pipelines.root / "own")
    client = pipelines.client()
    deploy_digits(client)
    path = write(pipelines.root, "chain", {
        "steps": ["digits-onnx", {"builtin": "softmax"}, {"builtin": "argmax"}]})
    assert deploy(client, "chain", path).status == 201
    assert deploy(client, "own", pipelines.root / "own").status == 201
    stop = threading.Event()
    problems = []

    def ask(name, inputs, wanted):
        mine = pipelines.client()
        while not stop.is_set():
            answer = mine.post(f"/predict/{name}", {"inputs": inputs, "outputs": ["y" if name == "chain" else "label"]})
            if answer.status != 200 or answer.json["outputs"] != wanted:
                problems.append(answer.body[:300])
                return
        mine.close()

    best = recorded("cnn.onnx", "logits").argmax(axis=1).tolist()[:4]
    threads = [threading.Thread(target=ask, args=("chain", IMAGES[:4].reshape(-1, 1, 8, 8).tolist(), best)),
               threading.Thread(target=ask, args=("own", PNGS[:4], EXPECTED["label"][:4]))]
    for thread in threads:
        thread.start()
    for _ in range(20):
        for name in ("digits-onnx", "chain", "own"):
            assert client.post(f"/models/{name}/reload", {}).status == 200
    stop.set()
    for thread in threads:
        thread.join()
    assert not problems, problems


def test_a_v2_client_sees_a_model(pipelines):
    client = pipelines.client()
    assert deploy(client, "digits", EXAMPLES / "digits-images", config={"cache_size": 100}).status == 201
    metadata = client.get("/v2/models/digits").json
    assert metadata["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [-1]}]
    raw = base64.b64decode(PICTURES["images"][0])
    import tritonclient.http as http

    triton = http.InferenceServerClient(f"127.0.0.1:{pipelines.port}")
    image = http.InferInput("image", [1], "BYTES")
    image.set_data_from_numpy(np.array([raw], dtype=object))
    for _ in range(2):
        assert triton.infer("digits", [image]).as_numpy("label").tolist() == EXPECTED["label"][:1]
    triton.close()
    assert 'model_cache_hits_total{model="digits"} 1' in client.get("/metrics").body.decode()


PROGRAM = """
import { half } from "./lib";

export function double({ x }: { x: Tensor<"float32", [-1]> }): { y: Tensor<"float32", [-1]> } {
  return { y: half(x).map((v) => v * 4) };
}
export function negate({ y }: { y: Tensor<"float32", [-1]> }): { z: Tensor<"float32", [-1]> } {
  return { z: y.data.map((v) => -v) };
}

const count: number = 2;
export const pipeline = {
  steps: [
    double,
    ...Array.from({ length: count }, (_, i) => ({ name: `n${i}`, function: negate, inputs: { y: i === 0 ? "double.y" : `n${i - 1}.z` } })),
    { name: "sums", builtin: "softmax", inputs: { x: `n${count - 1}.z` } },
  ],
  outputs: { last: `n${count - 1}.z`, soft: "sums.y" },
};
"""


def test_a_pipeline_written_in_typescript(pipelines):
    client = pipelines.client()
    folder = pipelines.root / "program"
    folder.mkdir()
    (folder / "pipeline.ts").write_text(PROGRAM)
    (folder / "lib.ts").write_text("export const half = (x: any) => x.data.map((v: number) => v / 2);\n")
    deployed = deploy(client, "program", folder)
    assert deployed.status == 201, deployed.body
    assert deployed.json["framework"] == "pipeline" and deployed.json["inputs"][0]["name"] == "x"
    answer = client.predict("program", {"x": [1, 2, 3]}, trace=True)
    assert answer.outputs["last"] == [2, 4, 6]
    assert np.allclose(answer.outputs["soft"], softmax(np.array([2, 4, 6], np.float32)))
    assert [step["step"] for step in answer.json["trace"]] == ["double", "n0", "n1", "sums"]
    # The file alone is the same; as what it is written in, it is asked for its predict().
    assert deploy(client, "file", folder / "pipeline.ts").status == 201
    refused = deploy(client, "script", folder / "pipeline.ts", framework="typescript")
    assert refused.status == 422 and "no function 'predict'" in refused.error["message"]


@pytest.mark.parametrize("program, message", [
    ("export const steps = 1;", "the file exports no pipeline"),
    ("export default () => 1;", "the file exports no pipeline"),
    ("export default { steps: [(x) => x] };", "must be exported by name"),
    ("export default { steps: ['a' };", "pipeline.ts:1"),
    ("export default { steps: [] };", "expected 1 to 256 steps"),
    ("throw new Error('not today'); export default {};", "not today"),
])
def test_what_is_wrong_with_the_program_is_said(pipelines, program, message):
    folder = pipelines.root / "program"
    folder.mkdir()
    (folder / "pipeline.ts").write_text(program)
    answer = deploy(pipelines.client(), "bad", folder)
    assert answer.status == 422 and message in answer.error["message"], answer.body


def test_what_steps_take_is_told_by_every_protocol(pipelines):
    client = pipelines.client()
    steps = {"steps": [{"name": "soft", "builtin": "softmax", "inputs": {"x": "x"}}, {"name": "best", "builtin": "argmax"}]}
    assert deploy(client, "best", write(pipelines.root, "best", {"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 3]}], **steps})).status == 201
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [1, 3, 2]}

    def infer(**parameters):
        answer = client.post("/v2/models/best/infer", {"inputs": [tensor], "parameters": parameters})
        assert answer.status == 200 and answer.json["outputs"][0]["data"] == [1]
        return answer.json.get("parameters", {})

    assert infer() == infer(trace=False) == infer(trace="yes") == {}
    assert [step["step"] for step in json.loads(infer(trace=True)["trace"])] == ["soft", "best"]

    triton = triton_grpc.InferenceServerClient(f"127.0.0.1:{pipelines.port}")
    given = triton_grpc.InferInput("x", [1, 3], "FP32")
    given.set_data_from_numpy(np.array([[1, 3, 2]], np.float32))
    told = triton.infer("best", [given], parameters={"trace": True}).get_response().parameters["trace"].string_param
    assert [step["step"] for step in json.loads(told)] == ["soft", "best"]
    assert all(0 <= step["ms"] and 0 <= step["start_ms"] < 1000 for step in json.loads(told))
    triton.close()


def test_texts_become_tokens(pipelines):
    client = pipelines.client()
    folder = pipelines.root / "words"
    folder.mkdir()
    recorded = json.loads((ROOT / "tests" / "fixtures" / "tokenizer" / "tokens.json").read_text())
    shutil.copy(ROOT / "tests" / "fixtures" / "tokenizer" / "vocab.txt", folder)
    step = {"name": "tokens", "builtin": "tokenize", "options": {"vocab": "vocab.txt", "padding": "max_length", "max_length": "16"}}
    (folder / "pipeline.json").write_text(json.dumps({"steps": [step]}))
    deployed = deploy(client, "words", folder)
    assert deployed.status == 201, deployed.body
    assert [(output["name"], output["datatype"], output["shape"]) for output in deployed.json["outputs"]] == [
        (name, "INT64", [-1, 16]) for name in ("input_ids", "attention_mask", "token_type_ids")]
    case = next(case for case in recorded["cases"] if case["options"] == {"lowercase": True, "max_length": 512})
    short = [(text, ids) for text, ids in zip(recorded["texts"], case["ids"]) if len(ids) <= 16 and "\x00" not in text]
    outputs = client.predict("words", {"text": [text for text, _ in short]}).outputs
    assert outputs["input_ids"] == [ids + [0] * (16 - len(ids)) for _, ids in short] and len(short) > 100
    assert outputs["attention_mask"] == [[1] * len(ids) + [0] * (16 - len(ids)) for _, ids in short]

    for options, message in (({}, "'vocab' is missing"), ({"vocab": "none.txt"}, "none.txt"), ({"vocab": "../../../etc/passwd"}, "must not contain"),
                             ({"vocab": "vocab.txt", "size": "1"}, "max_length")):
        (folder / "pipeline.json").write_text(json.dumps({"steps": [{**step, "options": options}]}))
        refused = deploy(client, "bad", folder)
        assert refused.status >= 400 and message in refused.error["message"], refused.body
