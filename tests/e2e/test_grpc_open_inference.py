"""The Open Inference Protocol over gRPC, with Triton's own clients."""

import asyncio
import queue

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.grpc.aio as triton_aio
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, shared_memory

from harness.backend import TEST_BACKEND, write
from harness.server import DIGITS, FIXTURES, Server


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def server(tmp_path_factory, models):
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder, "--backend-dir", TEST_BACKEND, "--allow-client-shm", roots=[models, FIXTURES, DIGITS])
    client = server.client()
    client.deploy("simple", FIXTURES / "models" / "onnx" / "add_sub.onnx", config={"batch_size": 8})
    client.deploy("all_types", FIXTURES / "models" / "onnx" / "all_types.onnx")
    client.deploy("double", write(models, "double"))
    client.deploy("slow", write(models, "slow", delay_ms=300), config={"instances": 4, "batch_size": 1})
    client.deploy("single", write(models, "single", delay_ms=500), config={"instances": 1, "batch_size": 1})
    yield server
    server.close()


@pytest.fixture
def triton(server):
    with triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        yield client
    server.check()


@pytest.fixture
def stub(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield service_pb2_grpc.GRPCInferenceServiceStub(channel)


def tensor(name, array):
    given = triton_grpc.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    given.set_data_from_numpy(array)
    return given


def add_sub(rows=2):
    first = np.arange(16 * rows, dtype=np.int32).reshape(rows, 16)
    second = np.full((rows, 16), 3, dtype=np.int32)
    return first, second, [tensor("INPUT0", first), tensor("INPUT1", second)]


def x(value, rows=1):
    return [tensor("x", np.full((rows, 1), value, dtype=np.float32))]


def test_server_and_model(triton):
    assert triton.is_server_live() and triton.is_server_ready()
    assert triton.get_server_metadata().name == "triton"
    assert triton.is_model_ready("simple") and triton.is_model_ready("simple", "1")
    assert not triton.is_model_ready("nobody")
    metadata = triton.get_model_metadata("simple", as_json=True)
    assert metadata["platform"] == "onnxruntime_onnx"
    assert {"name": "INPUT0", "datatype": "INT32", "shape": ["-1", "16"]} in metadata["inputs"]
    config = triton.get_model_config("simple").config
    assert config.max_batch_size == 8 and list(config.input[0].dims) == [16]
    assert config.input[0].data_type == model_config_pb2.TYPE_INT32
    assert config.WhichOneof("scheduling_choice") == "dynamic_batching"
    assert config.version_policy.WhichOneof("policy_choice") == "all"


def test_infer(triton):
    first, second, inputs = add_sub()
    result = triton.infer("simple", inputs, request_id="42")
    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), first + second)
    np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), first - second)
    response = result.get_response()
    assert (response.id, response.model_name, response.model_version) == ("42", "simple", "v1")
    only = triton.infer("simple", inputs, outputs=[triton_grpc.InferRequestedOutput("OUTPUT1")])
    assert [output.name for output in only.get_response().outputs] == ["OUTPUT1"]


def test_large_tensors(triton):
    values = np.arange(3_000_000, dtype=np.float32).reshape(1, -1)
    result = triton.infer("double", [tensor("x", values)])
    np.testing.assert_array_equal(result.as_numpy("y"), 2 * values)


def test_classification(triton):
    values = np.array([[1, 3, 2]], dtype=np.float32)
    wanted = triton_grpc.InferRequestedOutput("y", class_count=2)
    result = triton.infer("double", [tensor("x", values)], outputs=[wanted])
    assert [entry.split(b":")[1] for entry in result.as_numpy("y")[0]] == [b"1", b"2"]


def test_typed_contents(stub):
    request = service_pb2.ModelInferRequest(model_name="double")
    given = request.inputs.add(name="x", datatype="FP32", shape=[1, 2])
    given.contents.fp32_contents.extend([1, 2.5])
    response = stub.ModelInfer(request)
    assert np.frombuffer(response.raw_output_contents[0], np.float32).tolist() == [2, 5]
    request.raw_input_contents.append(b"12345678")
    with pytest.raises(grpc.RpcError) as refused:
        stub.ModelInfer(request)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details() == "contents field must not be specified when using raw_input_contents for 'x' for model 'double'"


def test_errors(triton):
    first, second, inputs = add_sub(9)
    for call, status, text in [
        (lambda: triton.infer("nobody", inputs), "NOT_FOUND", "Request for unknown model: 'nobody' is not found"),
        (lambda: triton.infer("simple", inputs, model_version="9"), "NOT_FOUND", "Request for unknown model: 'simple' version 9 is not found"),
        (lambda: triton.infer("simple", inputs), "INVALID_ARGUMENT", "inference request batch-size must be <= 8 for 'simple'"),
        (lambda: triton.infer("simple", inputs[:1]), "INVALID_ARGUMENT", "expected 2 inputs but got 1 inputs for model 'simple'"),
        (lambda: triton.infer("slow", x(1), client_timeout=0.05), "DEADLINE_EXCEEDED", ""),
        (lambda: triton.get_model_metadata("nobody"), "NOT_FOUND", "Request for unknown model: 'nobody' is not found"),
        (lambda: triton.get_inference_statistics("nobody"), "INVALID_ARGUMENT", "requested model 'nobody' is not available"),
        (lambda: triton.load_model("nobody"), "INTERNAL", "failed to load 'nobody', failed to poll from model repository"),
        (lambda: triton.update_log_settings({"log_file": "x"}), "UNIMPLEMENTED", "log file location can not be updated through network protocol"),
    ]:
        with pytest.raises(InferenceServerException) as refused:
            call()
        assert refused.value.status() == f"StatusCode.{status}", refused.value
        assert text in refused.value.message()


def test_a_timeout_in_the_queue(triton):
    answers = queue.Queue()
    for timeout in (None, 50_000):
        triton.async_infer("single", x(1), timeout=timeout, callback=lambda result, error, of=timeout: answers.put((of, error)))
    errors = dict(answers.get(timeout=60) for _ in range(2))
    assert errors[None] is None
    assert errors[50_000].status() == "StatusCode.UNAVAILABLE" and "Request timeout expired" in errors[50_000].message()


class Stream:
    """A bidirectional stream of the stock client, whose answers are waited for."""

    def __init__(self, triton):
        self.triton = triton
        self.answers = queue.Queue()
        triton.start_stream(callback=lambda result, error: self.answers.put((result, error)))

    def next(self):
        return self.answers.get(timeout=60)


def test_stream(triton):
    stream = Stream(triton)
    for i in range(20):
        triton.async_stream_infer("double", x(i), request_id=str(i))
    seen = {}
    for _ in range(20):
        result, error = stream.next()
        assert error is None
        response = result.get_response()
        seen[int(response.id)] = float(result.as_numpy("y")[0][0])
        assert response.parameters["triton_final_response"].bool_param
    triton.stop_stream()
    assert seen == {i: 2.0 * i for i in range(20)}


def test_requests_of_a_stream_run_side_by_side(triton):
    stream = Stream(triton)
    triton.async_stream_infer("slow", x(1), request_id="slow")
    triton.async_stream_infer("double", x(1), request_id="quick")
    assert stream.next()[0].get_response().id == "quick"
    assert stream.next()[0].get_response().id == "slow"
    triton.stop_stream()


def test_failures_in_a_stream_are_answers(triton, stub):
    stream = Stream(triton)
    triton.async_stream_infer("nobody", x(1))
    result, error = stream.next()
    assert result is None and "Request for unknown model: 'nobody' is not found" in error.message()
    triton.async_stream_infer("double", x(1))
    assert float(stream.next()[0].as_numpy("y")[0][0]) == 2
    triton.stop_stream()

    request = service_pb2.ModelInferRequest(model_name="nobody", id="7")
    (answer,) = stub.ModelStreamInfer(iter([request]))
    assert answer.infer_response.id == "7" and answer.error_message
    with pytest.raises(grpc.RpcError) as ended:
        list(stub.ModelStreamInfer(iter([request]), metadata=[("triton_grpc_error", "true")]))
    assert ended.value.code() == grpc.StatusCode.NOT_FOUND


def test_many_at_once(server):
    async def ask():
        async with triton_aio.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
            results = await asyncio.gather(*(client.infer("double", x(i)) for i in range(100)))
            return [float(result.as_numpy("y")[0][0]) for result in results]

    assert asyncio.run(ask()) == [2.0 * i for i in range(100)]


def test_cancelled_requests_do_not_run_on(server, stub):
    client = server.client()
    request = service_pb2.ModelInferRequest(model_name="slow")
    given = request.inputs.add(name="x", datatype="FP32", shape=[1, 1])
    given.contents.fp32_contents.append(1)
    calls = [stub.ModelInfer.future(request) for _ in range(8)]
    for call in calls:
        call.cancel()
    assert client.get("/health").status == 200
    server.check()


def test_shared_memory(triton):
    values = np.array([[1, 2, 3, 4]], dtype=np.float32)
    region = shared_memory.create_shared_memory_region("r", "/plinth_grpc_test", 32)
    try:
        shared_memory.set_shared_memory_region(region, [values])
        triton.register_system_shared_memory("r", "/plinth_grpc_test", 32)
        assert triton.get_system_shared_memory_status().regions["r"].byte_size == 32
        given = triton_grpc.InferInput("x", [1, 4], "FP32")
        given.set_shared_memory("r", 16)
        wanted = triton_grpc.InferRequestedOutput("y")
        wanted.set_shared_memory("r", 16, offset=16)
        response = triton.infer("double", [given], outputs=[wanted]).get_response()
        assert not response.outputs[0].parameters  # as Triton
        assert list(response.raw_output_contents) == [b""]
        written = shared_memory.get_contents_as_numpy(region, np.float32, [1, 4], 16)
        np.testing.assert_array_equal(written, 2 * values)
        triton.unregister_system_shared_memory("r")
        assert not triton.get_system_shared_memory_status().regions
    finally:
        shared_memory.destroy_shared_memory_region(region)


def test_control(triton, models):
    (models / "fresh" / "1").mkdir(parents=True)
    write(models / "fresh" / "1", "model", factor=4)
    assert "fresh" in {model.name for model in triton.get_model_repository_index().models}
    triton.load_model("fresh")
    assert float(triton.infer("fresh", x(1)).as_numpy("y")[0][0]) == 4
    triton.unload_model("fresh")
    assert not triton.is_model_ready("fresh")
    triton.load_model("fresh", config="{}", files={"file:3/model.testmodel": b"factor 9\n"})
    assert float(triton.infer("fresh", x(1)).as_numpy("y")[0][0]) == 9
    (statistics,) = triton.get_inference_statistics("fresh").model_stats
    assert (statistics.version, statistics.inference_count) == ("3", 1)
    assert statistics.inference_stats.success.count == statistics.inference_stats.compute_infer.count == 1
    triton.unload_model("fresh")


def test_settings(triton):
    settings = triton.get_log_settings(as_json=True)["settings"]
    assert settings["log_info"] == {"bool_param": True} and settings["log_format"] == {"string_param": "default"}
    assert triton.update_log_settings({"log_verbose_level": 1}).settings["log_verbose_level"].uint32_param == 1
    triton.update_log_settings({"log_verbose_level": 0})
    assert list(triton.get_trace_settings().settings["trace_level"].value) == ["OFF"]
    triton.update_trace_settings("simple", {"trace_rate": "5"})
    assert list(triton.get_trace_settings("simple").settings["trace_rate"].value) == ["5"]


def described(file):
    """Every field, value and method of a file of messages, by its path: number, type and the like."""
    found = {}

    def of_message(message, path):
        for field in message.field:
            found[f"{path}.{message.name}.{field.name}"] = (field.number, field.type, field.label, field.type_name)
        for nested in message.nested_type:
            of_message(nested, f"{path}.{message.name}")
        for enum in message.enum_type:
            of_enum(enum, f"{path}.{message.name}")

    def of_enum(enum, path):
        for value in enum.value:
            found[f"{path}.{enum.name}.{value.name}"] = value.number

    for message in file.message_type:
        of_message(message, "")
    for enum in file.enum_type:
        of_enum(enum, "")
    for service in file.service:
        for method in service.method:
            found[f"{service.name}/{method.name}"] = (method.input_type, method.output_type, method.client_streaming, method.server_streaming)
    return found


def test_the_messages_are_those_of_stock_clients(server):
    """What the server describes by reflection agrees, name by name and number by number, with the stock client's own."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        ours = {}
        for symbol in ("inference.GRPCInferenceService", "inference.ModelConfig"):
            ours.update(described(database.FindFileContainingSymbol(symbol)))
    stock = {}
    for module in (service_pb2, model_config_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        stock.update(described(file))
    assert {name: stock.get(name) for name in ours} == ours
    service = [name for name in stock if name.startswith("GRPCInferenceService/")]
    assert service and set(service) <= set(ours)
