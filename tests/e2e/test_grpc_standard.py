"""Health and reflection, and what every gRPC client relies on, with grpcio."""

import threading

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from harness.backend import TEST_BACKEND, write
from harness.server import wait_for


@pytest.fixture
def channel(server):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


def code_of(call):
    with pytest.raises(grpc.RpcError) as failure:
        call()
    return failure.value.code()


def test_health(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    assert stub.Check(health_pb2.HealthCheckRequest(), timeout=60).status == health_pb2.HealthCheckResponse.SERVING
    named = health_pb2.HealthCheckRequest(service="grpc.health.v1.Health")
    assert stub.Check(named, timeout=60).status == health_pb2.HealthCheckResponse.SERVING
    unknown = health_pb2.HealthCheckRequest(service="none")
    assert code_of(lambda: stub.Check(unknown, timeout=60)) == grpc.StatusCode.NOT_FOUND
    watch = stub.Watch(unknown, timeout=60)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_health_is_watched_through_the_end(start_server, tmp_path):
    write(tmp_path, "slow", delay_ms=3000)
    server = start_server("--backend-dir", TEST_BACKEND, roots=[tmp_path])
    server.client().deploy("slow", "slow.testmodel")
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        seen = []
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        busy = threading.Thread(target=lambda: server.client().predict("slow", [[1.0, 2.0]]))
        busy.start()
        wait_for(lambda: "slow" in server.client().get("/metrics").body.decode(), "the request to be seen")
        ended = threading.Thread(target=server.terminate)
        ended.start()
        try:
            seen.append(next(watch).status)
        except grpc.RpcError:
            pass  # the request was over before the change was seen
        assert seen in ([], [health_pb2.HealthCheckResponse.NOT_SERVING])
        watch.cancel()
        busy.join()
        ended.join()


def test_reflection(channel):
    database = ProtoReflectionDescriptorDatabase(channel)
    services = database.get_services()
    assert {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= set(services)
    pool = DescriptorPool(database)
    for name in services:
        service = pool.FindServiceByName(name)
        for method in service.methods:
            assert pool.FindMessageTypeByName(method.input_type.full_name)
    assert pool.FindServiceByName("grpc.health.v1.Health").methods_by_name["Watch"].server_streaming
    with pytest.raises(KeyError):
        pool.FindMessageTypeByName("no.such.Message")


def test_what_is_no_method(channel):
    call = channel.unary_unary("/no.Service/Method", request_serializer=bytes, response_deserializer=bytes)
    with pytest.raises(grpc.RpcError) as failure:
        call(b"", timeout=60)
    assert failure.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "/no.Service/Method" in failure.value.details()


@pytest.mark.parametrize("how", [grpc.Compression.Gzip, grpc.Compression.Deflate, grpc.Compression.NoCompression])
def test_compressed_messages(server, how):
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", compression=how) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="x" * 10_000)
        assert code_of(lambda: stub.Check(request, timeout=60)) == grpc.StatusCode.NOT_FOUND


def test_large_metadata_is_refused(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    metadata = [("x-large", "x" * 20_000)]
    assert code_of(lambda: stub.Check(health_pb2.HealthCheckRequest(), metadata=metadata, timeout=60)) == \
        grpc.StatusCode.RESOURCE_EXHAUSTED
