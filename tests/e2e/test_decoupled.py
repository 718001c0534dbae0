"""Models that give a request any number of answers: by gRPC streams, by server-sent events, and where one answer is wanted."""

import json
import queue
import socket
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
from tritonclient.utils import InferenceServerException

from harness.python_models import workers
from harness.server import wait_for

CONFIG = """
    backend: "python"
    max_batch_size: 8
    model_transaction_policy { decoupled: True }
    input [ { name: "IN" data_type: TYPE_INT32 dims: [ 1 ] } ]
    input [ { name: "DELAY" data_type: TYPE_FP32 dims: [ 1 ] optional: true } ]
    output [ { name: "OUT" data_type: TYPE_INT32 dims: [ 1 ] } ]
    """

# The same, for a program that is deployed by its path.
AS_JSON = {
    "max_batch_size": 8,
    "model_transaction_policy": {"decoupled": True},
    "input": [{"name": "IN", "data_type": "TYPE_INT32", "dims": [1]}, {"name": "DELAY", "data_type": "TYPE_FP32", "dims": [1], "optional": True}],
    "output": [{"name": "OUT", "data_type": "TYPE_INT32", "dims": [1]}],
}

# As the example repeat_int32 of Triton: so many answers as the input says, from a thread of its own. A negative number: an error behind them.
REPEAT = """
    import threading, time
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def execute(self, requests):
            for request in requests:
                thread = threading.Thread(target=self.answer, args=(request.get_response_sender(), request), daemon=True)
                thread.start()
            return None

        def answer(self, sender, request):
            count = int(pb_utils.get_input_tensor_by_name(request, "IN").as_numpy()[0][0])
            delay = pb_utils.get_input_tensor_by_name(request, "DELAY")
            for i in range(abs(count)):
                if delay is not None:
                    time.sleep(float(delay.as_numpy()[0][0]))
                if sender.is_cancelled():
                    return
                sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("OUT", np.array([[i]], np.int32))]))
            if count < 0:
                sender.send(pb_utils.InferenceResponse(error=pb_utils.TritonError("nothing is left", pb_utils.TritonError.UNAVAILABLE)))
            else:
                sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
    """

# The final flag comes with the last answer.
MARKED = """
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def execute(self, requests):
            for request in requests:
                count = int(pb_utils.get_input_tensor_by_name(request, "IN").as_numpy()[0][0])
                sender = request.get_response_sender()
                for i in range(count):
                    last = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL if i == count - 1 else 0
                    sender.send(pb_utils.InferenceResponse([pb_utils.Tensor("OUT", np.array([[i]], np.int32))]), flags=last)
    """

# Of our own kind: predict yields.
COUNTER = """
    import numpy as np

    class Model:
        signature = {"inputs": {"n": "int32", "wrong": {"dtype": "int32", "optional": True}}, "outputs": {"i": "int32", "text": "str"}}

        def predict(self, inputs):
            for i in range(int(inputs["n"])):
                yield {"i": np.int32(i), "text": f"row\\n{i}"}
            if "wrong" in inputs:
                raise ValueError("went wrong")
    """

# Large answers: more than all of the shared memory together.
LARGE = """
    import numpy as np

    async def predict(inputs):
        for i in range(int(inputs["n"])):
            yield np.full(1 << 18, i, np.float32)

    signature = {"inputs": {"n": "int32"}, "outputs": {"y": ("float32", [-1])}}
    """


@pytest.fixture(params=["process", "thread"])
def isolation(request):
    return request.param


@pytest.fixture
def serve(start_server, models, isolation):
    """Serves a Triton repository of programs; those without a config are deployed beside it, as is what runs in threads."""

    def serve(*arguments, **written):
        repository, own = models / "repository", models / "own"
        for name, (config, program) in written.items():
            in_repository = config and isolation == "process"
            folder = repository / name / "1" if in_repository else own / name
            folder.mkdir(parents=True)
            (folder / "model.py").write_text(textwrap.dedent(program))
            if in_repository:
                (folder.parent / "config.pbtxt").write_text(textwrap.dedent(config))
        repository.mkdir(exist_ok=True)
        server = start_server("--model-repository", repository, "--allow-code", models, "--python", sys.executable, *arguments)
        client = server.client()
        wait_for(lambda: client.get("/ready").status == 200, "the repository to be loaded")
        for name, (config, _) in written.items():
            if not config or isolation == "thread":
                options = {"shm_mb": "32"} if isolation == "process" else {"isolation": "thread"}
                if config:
                    options["triton_config"] = json.dumps(AS_JSON)
                instances = {"instances": 2} if config and "count: 2" in config else {}
                client.deploy(name, own / name, framework="python", config={"options": options, **instances})
            version = client.get(f"/models/{name}").json["versions"][0]
            assert version["state"] == "ready", version
        return server, client

    return serve


class Stream:
    """A stream of the stock client; its answers are (numbers, whether it says that it is the last) or errors."""

    def __init__(self, server):
        self.triton = triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}")
        self.answers = queue.Queue()
        self.triton.start_stream(callback=lambda result, error: self.answers.put(error or result))

    def ask(self, model, count, delay=None, **keys):
        tensors = [triton_grpc.InferInput("IN", [1, 1], "INT32")]
        tensors[0].set_data_from_numpy(np.array([[count]], np.int32))
        if delay is not None:
            tensors.append(triton_grpc.InferInput("DELAY", [1, 1], "FP32"))
            tensors[1].set_data_from_numpy(np.array([[delay]], np.float32))
        self.triton.async_stream_infer(model, tensors, **keys)

    def next(self, timeout=20):
        answer = self.answers.get(timeout=timeout)
        if isinstance(answer, InferenceServerException):
            return answer
        response = answer.get_response()
        out = answer.as_numpy("OUT")
        return None if out is None else out.tolist(), response.parameters["triton_final_response"].bool_param

    def close(self):
        self.triton.stop_stream()


def test_every_answer_is_a_message_of_the_stream(serve, isolation):
    server, client = serve(repeat=(CONFIG, REPEAT), marked=(CONFIG, MARKED))
    if isolation == "process":
        assert client.get("/v2/models/repeat/config").json["model_transaction_policy"] == {"decoupled": True}
    stream = Stream(server)
    stream.ask("repeat", 3)
    assert [stream.next() for _ in range(3)] == [([[i]], False) for i in range(3)]
    stream.ask("repeat", 2, enable_empty_final_response=True, request_id="7")
    assert [stream.next() for _ in range(3)] == [([[0]], False), ([[1]], False), (None, True)]
    stream.ask("marked", 2, enable_empty_final_response=True)
    assert [stream.next() for _ in range(2)] == [([[0]], False), ([[1]], True)]
    stream.ask("repeat", 0, enable_empty_final_response=True)
    assert stream.next() == (None, True)
    stream.ask("repeat", 0)
    stream.ask("repeat", 1)
    assert stream.next() == ([[0]], False)
    stream.close()
    assert stream.answers.empty()


def test_answers_come_while_the_model_works(serve):
    server, _ = serve(repeat=(CONFIG, REPEAT))
    stream = Stream(server)
    stream.ask("repeat", 4, delay=0.3)
    times = []
    for _ in range(4):
        stream.next()
        times.append(time.monotonic())
    stream.close()
    assert times[-1] - times[0] > 0.5


def test_an_error_ends_the_request_and_not_the_stream(serve):
    server, _ = serve(repeat=(CONFIG, REPEAT))
    stream = Stream(server)
    stream.ask("repeat", -2)
    assert [stream.next() for _ in range(2)] == [([[0]], False), ([[1]], False)]
    error = stream.next()
    assert isinstance(error, InferenceServerException) and "nothing is left" in error.message()
    stream.ask("repeat", 1)
    assert stream.next() == ([[0]], False)
    stream.close()


def test_who_takes_one_answer_gets_one_or_is_told(serve):
    server, client = serve(repeat=(CONFIG, REPEAT), counter=(None, COUNTER))

    def infer(count):
        return client.post("/v2/models/repeat/infer", {"inputs": [{"name": "IN", "datatype": "INT32", "shape": [1, 1], "data": [count]}]})

    assert infer(1).json["outputs"][0]["data"] == [0]
    several = infer(2)
    assert several.status == 501 and b"several answers" in several.body and b"generate_stream" in several.body
    none = infer(0)
    assert none.status == 500 and b"no answer" in none.body
    assert infer(1).status == 200
    triton = triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}")
    tensor = triton_grpc.InferInput("IN", [1, 1], "INT32")
    tensor.set_data_from_numpy(np.array([[2]], np.int32))
    with pytest.raises(InferenceServerException) as refused:
        triton.infer("repeat", [tensor])
    assert refused.value.status() == "StatusCode.UNIMPLEMENTED"
    assert client.predict("counter", {"n": 1}).outputs == {"i": 0, "text": "row\n0"}
    assert client.predict("counter", {"n": 2}).status == 501


BLS = """
    import asyncio
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def %sexecute(self, requests):
            out = []
            for request in requests:
                asked = pb_utils.InferenceRequest(model_name="repeat", requested_output_names=["OUT"],
                                                  inputs=[pb_utils.get_input_tensor_by_name(request, "IN")])
                total = 0
                for response in %s:
                    if response.has_error():
                        raise pb_utils.TritonModelException(response.error().message())
                    total += int(pb_utils.get_output_tensor_by_name(response, "OUT").as_numpy()[0][0])
                out.append(pb_utils.InferenceResponse([pb_utils.Tensor("OUT", np.array([[total]], np.int32))]))
            return out
    """
ONE = CONFIG.replace("model_transaction_policy { decoupled: True }", "")


@pytest.mark.parametrize("program", [BLS.replace("def %s", "def ", 1) % "asked.exec(decoupled=True)",
                                     BLS.replace("def %s", "async def ", 1) % "await asked.async_exec(decoupled=True)"], ids=["sync", "async"])
def test_a_model_takes_the_answers_of_another_one_by_one(serve, program):
    _, client = serve(repeat=(CONFIG, REPEAT), sums=(ONE, program))

    def infer(count):
        return client.post("/v2/models/sums/infer", {"inputs": [{"name": "IN", "datatype": "INT32", "shape": [1, 1], "data": [count]}]})

    for count in (4, 1, 0, 200):
        assert infer(count).json["outputs"][0]["data"] == [sum(range(count))]
    failed = infer(-2)
    assert failed.status == 500 and b"nothing is left" in failed.body


def test_a_model_streams_from_another_while_it_works(serve):
    _, client = serve(large=(None, LARGE), relay=(None, """
        import plinth
        signature = {"inputs": {"n": "int32"}, "outputs": {"total": "float32"}}
        def predict(inputs):
            for answer in plinth.models.get("large").stream({"n": inputs["n"]}):
                yield answer["y"].sum()
            yield plinth.models.get("relay2").predict({"x": inputs["n"]})["y"]
        """), relay2=(None, """
        import numpy as np
        signature = {"inputs": {"x": "int32"}, "outputs": {"y": "float32"}}
        def predict(inputs):
            return inputs["x"].astype(np.float32)
        """))
    answer = client.send("POST", "/predict/relay", {"inputs": {"n": 40}}, {"Accept": "text/event-stream"})
    assert [event["outputs"] for event in events_of(answer)] == [i * float(1 << 18) for i in range(40)] + [40]


def events_of(answer):
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = answer.body.decode().split("\n\n")
    assert events.pop() == "" and all(event.startswith("data: ") for event in events)
    return [json.loads(event[6:]) for event in events]


def test_server_sent_events(serve):
    _, client = serve(repeat=(CONFIG, REPEAT), counter=(None, COUNTER))
    events = events_of(client.post("/v2/models/repeat/generate_stream", {"IN": 3}))
    assert [event["OUT"] for event in events] == [0, 1, 2]
    assert events_of(client.post("/v2/models/repeat/generate_stream", {"IN": 0})) == []
    events = events_of(client.post("/v2/models/repeat/generate_stream", {"IN": -1}))
    assert events[0]["OUT"] == 0 and events[1] == {"error": "nothing is left"}
    assert client.post("/v2/models/repeat/generate", {"IN": 1}).json["OUT"] == 0
    assert client.post("/v2/models/repeat/generate", {"IN": 2}).status == 501

    def predict(body):
        return client.send("POST", "/predict/counter", {"inputs": body}, {"Accept": "text/event-stream"})

    assert [event["outputs"] for event in events_of(predict({"n": 2}))] == [{"i": 0, "text": "row\n0"}, {"i": 1, "text": "row\n1"}]
    events = events_of(predict({"n": 1, "wrong": 1}))
    assert events[0]["outputs"]["i"] == 0 and "ValueError: went wrong" in events[1]["error"]["message"]
    refused = predict({"m": 1})
    assert refused.status == 400 and "n" in refused.error["message"]
    assert client.predict("counter", {"n": 0, "wrong": 1}).status == 500


def test_a_model_with_one_answer_gives_one_event(serve):
    plain = """
        signature = {"inputs": {"x": "float32"}, "outputs": {"y": "float32"}}
        def predict(inputs):
            return inputs["x"] * 2
        """
    _, client = serve(plain=(None, plain))
    answer = client.send("POST", "/predict/plain", {"inputs": {"x": 4}}, {"Accept": "text/event-stream"})
    assert [event["outputs"] for event in events_of(answer)] == [8]


def test_large_answers_use_the_shared_memory_again(serve):
    _, client = serve(large=(None, LARGE))
    answer = client.send("POST", "/predict/large", {"inputs": {"n": 40}}, {"Accept": "text/event-stream"})
    events = events_of(answer)
    assert all("outputs" in event for event in events), events[-1]
    assert [event["outputs"][-1] for event in events] == list(range(40))
    assert all(len(event["outputs"]) == 1 << 18 for event in events)


def test_a_client_that_goes_ends_the_call(serve, isolation):
    server, client = serve(counter=(None, """
        import time
        signature = {"inputs": {"n": "int32"}, "outputs": {"i": "int32"}}
        def predict(inputs):
            print("begun", flush=True)
            try:
                for i in range(100000):
                    time.sleep(0.01)
                    yield i
            finally:
                print("ended after", i, flush=True)
        """))
    body = json.dumps({"inputs": {"n": 1}}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"POST /predict/counter HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    wait_for(lambda: "ended after" in server.log(), "the call to end")
    assert len(workers(server)) == (isolation == "process")


def test_a_slow_reader_makes_the_model_wait(serve):
    server, client = serve(large=(None, LARGE))
    body = json.dumps({"inputs": {"n": 60}}).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"POST /predict/large HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        time.sleep(1)
        with open(f"/proc/{server.process.pid}/status") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        received = b""
        while b"0\r\n\r\n" not in received[-10:]:
            piece = connection.recv(1 << 20)
            assert piece, "the answer was cut off"
            received += piece
    assert received.count(b"data: ") == 60
    assert resident < 400_000


def test_a_deadline_ends_a_stream(serve):
    server, client = serve(repeat=(CONFIG, REPEAT))
    stream = Stream(server)
    stream.ask("repeat", 1000, delay=0.05, timeout=400_000)
    last = None
    while not isinstance(last, InferenceServerException):
        last = stream.next()
    assert "time" in last.message()
    stream.ask("repeat", 1)
    wait_for(lambda: stream.next() == ([[0]], False), "the model to answer again")
    stream.close()


def test_streams_side_by_side(serve):
    server, _ = serve(repeat=(CONFIG + "instance_group [ { count: 2 kind: KIND_CPU } ]", REPEAT))
    failures = []

    def ask(count):
        try:
            stream = Stream(server)
            for _ in range(5):
                stream.ask("repeat", count, enable_empty_final_response=True)
                assert [stream.next() for _ in range(count + 1)] == [([[i]], False) for i in range(count)] + [(None, True)]
            stream.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(count,)) for count in range(1, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
