"""TF Serving's gRPC services, with grpcio."""

import grpc
import numpy as np
import pytest

from harness import tfs
from harness.backend import write
from harness.digits import LABELS, assert_recorded, inputs_for

TWO = slice(0, 2)


@pytest.fixture
def stub(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield tfs.Stub(channel)


@pytest.fixture
def own(backend_server):
    """A client and a stub of a server of the test's own, with the test backend."""
    with grpc.insecure_channel(f"127.0.0.1:{backend_server.port}") as channel:
        yield backend_server.client(), tfs.Stub(channel)


@pytest.fixture(scope="session")
def all_types(session_server):
    """One input and one output of every type, passed through."""
    client = session_server.client()
    described = client.deploy("tfs_grpc_types", "models/onnx/all_types.onnx")
    return "tfs_grpc_types", {i["name"]: i["datatype"] for i in described["inputs"]}


def predict_request(model, **inputs):
    request = tfs.message("serving.PredictRequest")()
    request.model_spec.name = model
    for name, tensor in inputs.items():
        request.inputs[name].CopyFrom(tensor)
    return request


def examples_request(kind, model, *rows, signature=""):
    """A request with one example for each row, a dictionary of features."""
    request = tfs.message(f"serving.{kind}Request")()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    add_examples(request, *rows)
    return request


def add_examples(request, *rows):
    for row in rows:
        example = request.input.example_list.examples.add()
        for name, values in row.items():
            example.features.feature[name].float_list.value.extend(values)


def refusal_of(call, *arguments, **keys):
    with pytest.raises(grpc.RpcError) as failure:
        call(*arguments, **keys)
    return failure.value.code(), failure.value.details()


@pytest.mark.parametrize("content", [False, True])
def test_predict(stub, cnn, content):
    images = inputs_for("cnn.onnx", TWO)
    response = stub.Predict(predict_request(cnn, image=tfs.tensor(images, content=content)))
    assert response.model_spec.name == cnn and response.model_spec.version.value == 1
    assert response.model_spec.signature_name == "serving_default"
    (name, output), = response.outputs.items()
    assert len(output.float_val) == output.tensor_shape.dim[0].size * output.tensor_shape.dim[1].size
    assert_recorded("cnn.onnx", tfs.ndarray(output).tolist(), TWO)


NUMPY = {"BOOL": np.bool_, "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "UINT8": np.uint8, "UINT16": np.uint16,
         "UINT32": np.uint32, "UINT64": np.uint64, "FP16": np.float16, "BF16": np.uint16, "FP32": np.float32, "FP64": np.float64, "BYTES": np.object_}


def test_every_type_goes_in_and_out(stub, all_types):
    name, types = all_types
    sent = {i: np.array([[b"a", b""], [b"\xff\x00", b"bc"]], dtype=object) if t == "BYTES"
            else np.array([[0, 1], [1, 0]]).astype(NUMPY[t]) for i, t in types.items()}

    def protos(arrays):
        return {i: tfs.tensor(v, v.dtype, number=tfs.BFLOAT16 if types[i] == "BF16" else None) for i, v in arrays.items()}

    def shown(arrays):
        return sorted(f"{v.tolist()} {v.dtype}" for v in arrays)

    response = stub.Predict(predict_request(name, **protos(sent)))
    assert shown(tfs.ndarray(output) for output in response.outputs.values()) == shown(sent.values())
    single = protos({i: v[:1, :1] for i, v in sent.items()})
    for proto in single.values():
        proto.tensor_shape.dim[0].size = proto.tensor_shape.dim[1].size = 2
    filled = stub.Predict(predict_request(name, **single))
    assert shown(tfs.ndarray(output) for output in filled.outputs.values()) == shown(np.full((2, 2), v[0, 0], v.dtype) for v in sent.values())


def test_an_output_filter_chooses_outputs(stub, pipeline):
    request = predict_request(pipeline, X=tfs.tensor(inputs_for("pipeline.joblib", TWO), np.float64))
    request.output_filter.append("label")
    response = stub.Predict(request)
    assert list(response.outputs) == ["label"]
    assert list(response.outputs["label"].int64_val) == LABELS[TWO]


def test_classify_regress_and_both_at_once(own, models, stub, pipeline):
    images = inputs_for("pipeline.joblib", TWO)
    response = stub.Classify(examples_request("Classification", pipeline, *[{"X": image} for image in images]))
    assert [[c.label for c in row.classes] for row in response.result.classifications] == [[str(label)] for label in LABELS[TWO]]
    client, own_stub = own
    client.deploy("m", write(models, name="m"))
    values = own_stub.Regress(examples_request("Regression", "m", {"x": [1.5]}, {"x": [2.0]}))
    assert [r.value for r in values.result.regressions] == [3.0, 4.0]
    assert values.model_spec.signature_name == "serving_default" and values.model_spec.version.value == 1
    request = tfs.message("serving.MultiInferenceRequest")()
    for signature, method in (("regression", "regress"), ("classification", "classify")):
        task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
        task.model_spec.name, task.model_spec.signature_name = "m", signature
    add_examples(request, {"x": [2.0]})
    results = own_stub.MultiInference(request).results
    assert results[0].regression_result.regressions[0].value == 4.0
    assert results[1].classification_result.classifications[0].classes[0].score == 4.0
    assert [r.model_spec.signature_name for r in results] == ["regression", "classification"]


def test_metadata_and_status(stub, cnn):
    request = tfs.message("serving.GetModelMetadataRequest")(metadata_field=["signature_def"])
    request.model_spec.name = cnn
    response = stub.GetModelMetadata(request)
    assert response.model_spec.name == cnn and response.model_spec.version.value == 1
    signatures = tfs.message("serving.SignatureDefMap")()
    packed = response.metadata["signature_def"]
    assert packed.type_url.endswith("/tensorflow.serving.SignatureDefMap")
    signatures.ParseFromString(packed.value)
    default = signatures.signature_def["serving_default"]
    assert default.method_name == "tensorflow/serving/predict"
    assert default.inputs["image"].dtype == 1 and default.inputs["image"].tensor_shape.dim[0].size == -1
    status = tfs.message("serving.GetModelStatusRequest")()
    status.model_spec.name = cnn
    versions = stub.GetModelStatus(status).model_version_status
    assert [(v.version, v.state, v.status.error_code) for v in versions] == [(1, 30, 0)]


def test_versions_and_labels(own, models):
    client, stub = own
    for version, factor in (("1", 1), ("v2", 2), ("canary", 3)):
        client.deploy("m", write(models, name=version, factor=factor), version=version)
    client.put("/models/m/traffic", {"labels": {"stable": "1"}})

    def ask(version=None, label=None):
        request = predict_request("m", x=tfs.tensor([[1.0]]))
        if version is not None:
            request.model_spec.version.value = version
        if label is not None:
            request.model_spec.version_label = label
        return stub.Predict(request)

    assert ask(1).outputs["y"].float_val[0] == ask(label="stable").outputs["y"].float_val[0] == 1
    assert ask(2).model_spec.version.value == 2
    canary = ask(label="canary")
    assert canary.outputs["y"].float_val[0] == 3 and canary.model_spec.version_label == "canary"
    assert ask(0).model_spec == ask().model_spec  # OpenVINO Model Server's clients ask so for none
    assert refusal_of(ask, 9) == (grpc.StatusCode.NOT_FOUND, "Servable not found for request: Specific(m, 9)")


def refused_predictions(cnn):
    image = tfs.tensor(inputs_for("cnn.onnx", slice(0, 1)))
    invalid, precondition, missing = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.NOT_FOUND)
    yield predict_request("none"), missing, "Servable not found for request: Latest(none)"
    yield predict_request(""), invalid, "ModelSpec"
    yield predict_request(cnn), invalid, "input size does not match signature: 0!=1 len({}) != len({image}). Sent extra: {}. Missing but required: {image}."
    yield predict_request(cnn, other=image), invalid, "input tensor alias not found in signature: other. Inputs expected to be in the set {image}."
    yield predict_request(cnn, image=tfs.tensor([b"x"], object)), invalid, "to be float but string is provided"
    broken = tfs.tensor([1.0], content=True)
    broken.tensor_content += b"x"
    yield predict_request(cnn, image=broken), invalid, "tensor parsing error: image"
    signature = predict_request(cnn, image=image)
    signature.model_spec.signature_name = "x"
    yield signature, precondition, 'Serving signature key "x" not found.'
    label = predict_request(cnn, image=image)
    label.model_spec.version_label = "x"
    yield label, invalid, "Unrecognized servable version label: x"
    unknown = predict_request(cnn, image=image)
    unknown.output_filter.append("x")
    yield unknown, invalid, "output tensor alias not found in signature: x Outputs expected to be in the set {"


def test_refusals(stub, cnn):
    for request, code, message in refused_predictions(cnn):
        got, details = refusal_of(stub.Predict, request)
        assert got == code and message in details, details


def test_a_deadline_ends_the_call(own, models):
    client, stub = own
    client.deploy("slow", write(models, name="slow", delay_ms=60_000))
    code, _ = refusal_of(stub.Predict, predict_request("slow", x=tfs.tensor([[1.0]])), timeout=0.3)
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
