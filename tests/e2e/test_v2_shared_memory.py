"""Inputs and outputs in shared memory, over REST with Triton's own client and its utilities."""

import os

import numpy as np
import pytest
import tritonclient.http as http
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import InferenceServerException

from harness.server import DIGITS, FIXTURES

SIZE = 16 * 4


@pytest.fixture
def triton(start_server):
    server = start_server("--allow-client-shm", roots=[DIGITS, FIXTURES])
    server.client().deploy("simple", FIXTURES / "models" / "onnx" / "add_sub.onnx")
    server.client().deploy("floats", FIXTURES / "models" / "onnx" / "add_sub_float.onnx")
    with http.InferenceServerClient(f"127.0.0.1:{server.port}") as triton:
        yield triton


@pytest.fixture
def region():
    """Makes regions that go at the end."""
    handles = []

    def make(name, size):
        handles.append(shm.create_shared_memory_region(name, f"/plinth-{os.getpid()}-{name}", size))
        return handles[-1]

    yield make
    for handle in handles:
        shm.destroy_shared_memory_region(handle)


def key(name):
    return f"/plinth-{os.getpid()}-{name}"


def shared_inputs(datatype):
    inputs = [http.InferInput(f"INPUT{i}", [1, 16], datatype) for i in (0, 1)]
    for i, given in enumerate(inputs):
        given.set_shared_memory("input", SIZE, offset=i * SIZE)
    outputs = [http.InferRequestedOutput(f"OUTPUT{i}") for i in (0, 1)]
    for i, output in enumerate(outputs):
        output.set_shared_memory("output", SIZE, offset=i * SIZE)
    return inputs, outputs


@pytest.mark.parametrize("model, datatype, dtype", [("simple", "INT32", np.int32), ("floats", "FP32", np.float32)])
def test_inputs_and_outputs(triton, region, model, datatype, dtype):
    first, second = np.arange(16, dtype=dtype), np.full(16, 2, dtype=dtype)
    given, taken = region("input", 2 * SIZE), region("output", 2 * SIZE)
    triton.register_system_shared_memory("input", key("input"), 2 * SIZE)
    triton.register_system_shared_memory("output", key("output"), 2 * SIZE)
    inputs, outputs = shared_inputs(datatype)
    for round in range(3):
        shm.set_shared_memory_region(given, [first + dtype(round), second])
        result = triton.infer(model, inputs, outputs=outputs)
        # No "parameters": perf_analyzer and others of Triton's C++ clients then look for a binary_data_size in them.
        assert [set(output) for output in result.get_response()["outputs"]] == [{"name", "datatype", "shape"}] * 2
        answers = shm.get_contents_as_numpy(taken, dtype, [2, 16])
        np.testing.assert_array_equal(answers[0], first + dtype(round) + second)
        np.testing.assert_array_equal(answers[1], first + dtype(round) - second)
    triton.unregister_system_shared_memory()
    assert triton.get_system_shared_memory_status() == []


def test_registrations(triton, region):
    region("a", 256)
    assert triton.get_system_shared_memory_status() == []
    triton.register_system_shared_memory("a", key("a"), 128, offset=64)
    assert triton.get_system_shared_memory_status() == [{"name": "a", "key": key("a"), "offset": 64, "byte_size": 128}]
    with pytest.raises(InferenceServerException, match="shared memory region 'a' already in manager"):
        triton.register_system_shared_memory("a", key("a"), 128)
    with pytest.raises(InferenceServerException, match="failed to register shared memory region 'b': invalid args"):
        triton.register_system_shared_memory("b", key("a"), 257)
    with pytest.raises(InferenceServerException, match="Unable to open shared memory region: '/plinth-none'"):
        triton.register_system_shared_memory("b", "/plinth-none", 8)
    with pytest.raises(InferenceServerException, match="Unable to find system shared memory region: 'b'"):
        triton.get_system_shared_memory_status("b")
    triton.unregister_system_shared_memory("a")
    assert triton.get_system_shared_memory_status() == []
    assert triton.get_cuda_shared_memory_status() == []
    with pytest.raises(InferenceServerException, match="GPUs not supported"):
        triton.register_cuda_shared_memory("c", b"aGFuZGxl", 0, 8)


def test_bounds(triton, region):
    region("input", 3 * SIZE)
    triton.register_system_shared_memory("input", key("input"), 3 * SIZE)
    inputs, _ = shared_inputs("INT32")
    inputs[1].set_shared_memory("input", 2 * SIZE, offset=SIZE)
    with pytest.raises(InferenceServerException, match="input byte size mismatch for input 'INPUT1' for model 'simple'. Expected 64, got 128"):
        triton.infer("simple", inputs)
    inputs[1].set_shared_memory("input", SIZE, offset=2 * SIZE + 1)
    with pytest.raises(InferenceServerException, match="Invalid offset \\+ byte size for shared memory region: 'input'"):
        triton.infer("simple", inputs)
    inputs[1].set_shared_memory("input", SIZE, offset=3 * SIZE)
    with pytest.raises(InferenceServerException, match="Invalid offset for shared memory region: 'input'"):
        triton.infer("simple", inputs)
    inputs[1].set_shared_memory("output", SIZE)
    with pytest.raises(InferenceServerException, match="Unable to find shared memory region: 'output'"):
        triton.infer("simple", inputs)


def test_the_server_outlives_a_client_that_cuts_its_memory_short(triton, region):
    region("input", 2 * SIZE)
    region("output", 2 * SIZE)
    for name in ("input", "output"):
        triton.register_system_shared_memory(name, key(name), 2 * SIZE)
    for model, datatype in (("simple", "INT32"), ("floats", "FP32")):
        for name in ("input", "output"):
            inputs, outputs = shared_inputs(datatype)
            os.truncate(f"/dev/shm{key(name)}", 0)
            with pytest.raises(InferenceServerException, match="has become shorter than it was registered"):
                triton.infer(model, inputs, outputs=outputs)
            triton.unregister_system_shared_memory(name)
            os.truncate(f"/dev/shm{key(name)}", 2 * SIZE)
            triton.register_system_shared_memory(name, key(name), 2 * SIZE)
        triton.infer(model, *shared_inputs(datatype)[:1], outputs=shared_inputs(datatype)[1])


def test_closed_unless_allowed(server):
    with http.InferenceServerClient(f"127.0.0.1:{server.port}") as triton:
        with pytest.raises(InferenceServerException, match="--allow-client-shm"):
            triton.register_system_shared_memory("a", "/a", 8)
