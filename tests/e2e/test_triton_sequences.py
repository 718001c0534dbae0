"""Triton's models of sequences, whose requests bring their sequence's id and are told by control inputs, with its stock clients."""

import queue
import time

import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from harness.python_models import serve_triton  # noqa: F401

CONFIG = """
    backend: "python"
    max_batch_size: 8
    sequence_batching {
      max_sequence_idle_microseconds: 1500000
      direct { }
      control_input [
        { name: "START" control [ { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } ] },
        { name: "END" control [ { kind: CONTROL_SEQUENCE_END bool_false_true: [ false, true ] } ] },
        { name: "READY" control [ { kind: CONTROL_SEQUENCE_READY fp32_false_true: [ 0.5, 2 ] } ] },
        { name: "CORRID" control [ { kind: CONTROL_SEQUENCE_CORRID data_type: %s } ] }
      ]
    }
    instance_group [ { kind: KIND_CPU count: 3 } ]
    input [ { name: "INPUT" data_type: TYPE_INT32 dims: [ 1 ] } ]
    output [ { name: "OUTPUT" data_type: TYPE_INT32 dims: [ 1 ] } ]
    output [ { name: "SAID" data_type: TYPE_STRING dims: [ 1 ] } ]
    """

# The sum of a sequence's numbers so far, and what it was told.
PROGRAM = """
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def initialize(self, args):
            self.sums = {}

        def execute(self, requests):
            responses = []
            for request in requests:
                told = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in ("START", "END", "READY", "CORRID")}
                assert all(value.shape == (1, 1) for value in told.values())
                start, end, _, sequence = (value[0, 0] for value in told.values())
                x = pb_utils.get_input_tensor_by_name(request, "INPUT").as_numpy()
                self.sums[sequence] = x + (0 if start else self.sums[sequence])
                said = " ".join(f"{value.dtype}:{value[0, 0]}" for value in told.values())
                responses.append(pb_utils.InferenceResponse([pb_utils.Tensor("OUTPUT", self.sums[sequence]),
                                                             pb_utils.Tensor("SAID", np.array([[said]], dtype=object))]))
                if end:
                    del self.sums[sequence]
            return responses
    """


@pytest.fixture
def server(serve_triton):  # noqa: F811
    return serve_triton(sums=(CONFIG % "TYPE_UINT64", PROGRAM), texts=(CONFIG % "TYPE_STRING", PROGRAM))[0]


@pytest.fixture
def triton(server):
    with triton_http.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        yield client


def given(kind, value):
    tensor = kind.InferInput("INPUT", [1, 1], "INT32")
    tensor.set_data_from_numpy(np.array([[value]], dtype=np.int32))
    return [tensor]


def add(triton, value, sequence, model="sums", **flags):
    answer = triton.infer(model, given(triton_http, value), sequence_id=sequence, **flags)
    return answer.as_numpy("OUTPUT").item(), answer.as_numpy("SAID").item().decode()


def test_sequences_go_on_side_by_side(triton):
    assert add(triton, 1, 7, sequence_start=True) == (1, "int32:1 bool:False float32:2.0 uint64:7")
    assert add(triton, 10, 8, sequence_start=True)[0] == 10
    assert add(triton, 2, 7) == (3, "int32:0 bool:False float32:2.0 uint64:7")
    assert add(triton, 20, 8)[0] == 30
    assert add(triton, 5, 7, sequence_start=True)[0] == 5  # begins anew
    assert add(triton, 3, 7, sequence_end=True) == (8, "int32:0 bool:True float32:2.0 uint64:7")
    assert add(triton, 30, 8, sequence_end=True)[0] == 60


def test_the_stream_of_the_stock_client(server):
    answers = queue.Queue()
    with triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        client.start_stream(callback=lambda result, error: answers.put((result, error)))
        values = [11, 7, 5, 3, 2, 0, 1]
        for i, value in enumerate(values):
            for sequence in (1001, 1002):
                client.async_stream_infer("sums", given(triton_grpc, value if sequence == 1001 else -value), request_id=f"{sequence}_{i}",
                                          sequence_id=sequence, sequence_start=i == 0, sequence_end=i == len(values) - 1)
        sums = {}
        for _ in range(2 * len(values)):
            result, error = answers.get(timeout=30)
            assert error is None
            sums[result.get_response().id] = result.as_numpy("OUTPUT").item()
    assert sums == {f"{sequence}_{i}": sign * sum(values[: i + 1]) for sequence, sign in ((1001, 1), (1002, -1)) for i in range(len(values))}


def test_texts_as_ids(triton):
    assert add(triton, 1, "one", model="texts", sequence_start=True) == (1, "int32:1 bool:False float32:2.0 object:b'one'")
    assert add(triton, 1, "one", model="texts", sequence_end=True)[0] == 2
    with pytest.raises(InferenceServerException, match="the id of the sequence is 'one'; the model takes numbers from 0 to 18446744073709551615"):
        add(triton, 1, "one", sequence_start=True)


def test_what_is_no_sequence(triton):
    with pytest.raises(InferenceServerException, match="inference request to model 'sums' must specify a non-zero or non-empty correlation ID"):
        triton.infer("sums", given(triton_http, 1))
    unknown = "inference request for sequence 5 to model 'sums' must specify the START flag on the first request of the sequence"
    with pytest.raises(InferenceServerException, match=unknown) as refused:
        add(triton, 1, 5)
    assert refused.value.status() == "400"
    add(triton, 1, 5, sequence_start=True, sequence_end=True)
    with pytest.raises(InferenceServerException, match=unknown):
        add(triton, 1, 5)
    add(triton, 1, 5, sequence_start=True)
    add(triton, 1, 5)
    time.sleep(1.6)  # silent for too long
    with pytest.raises(InferenceServerException, match=unknown):
        add(triton, 1, 5)


def test_clients_see_what_kind_of_model_it_is(server, triton):
    config = triton.get_model_config("sums")
    assert config["sequence_batching"]["max_sequence_idle_microseconds"] == 1_500_000 and "dynamic_batching" not in config
    assert [control["name"] for control in config["sequence_batching"]["control_input"]] == ["START", "END", "READY", "CORRID"]
    with triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}") as client:
        batching = client.get_model_config("sums").config.sequence_batching
        assert [list(control.control)[0].kind for control in batching.control_input] == [0, 2, 1, 3]
    assert "'instance_group' counts as one" in server.log()
