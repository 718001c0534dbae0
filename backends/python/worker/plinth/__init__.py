"""What a Python model may use of the server that runs it."""

import asyncio
import json
import queue


class InvalidInput(Exception):
    """Raised by a model that cannot work on its inputs: the client is told so (HTTP 400), and nothing is logged."""


class CallFailed(Exception):
    """Another model could not answer. `code` is the error's name in the server's API, "NOT_FOUND"."""

    def __init__(self, code, message, status):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status  # plinth_status of plinth/backend.h


class CalledModel:
    """Another model of the server, to be asked while predict runs."""

    def __init__(self, call, name, version):
        self._call = call
        self.name = name
        self.version = version

    def predict(self, inputs, outputs=(), parameters=None, request_id=""):
        """The outputs by name, all or those that are wanted, as arrays that cannot be written to and are valid until the caller's own
        predict returns. `parameters`, which can be written as a JSON object, and `request_id` are for the model. Waits; any number of
        threads may do so at once. CallFailed if there is no answer."""
        return self._ask(inputs, outputs, parameters, request_id).result()

    def stream(self, inputs, outputs=(), parameters=None, request_id=""):
        """An iterator over the answers of a model that may give several, as they come; over the one answer of any other. The arrays are the
        caller's own. The model waits while they are not taken."""
        answers = queue.SimpleQueue()
        future = self._ask(inputs, outputs, parameters, request_id, answers.put)
        future.add_done_callback(answers.put)
        return _taken(answers)

    async def predict_async(self, inputs, outputs=(), parameters=None, request_id=""):
        """The same for an `async def predict`: several at once by asyncio.gather."""
        return await asyncio.wrap_future(self._ask(inputs, outputs, parameters, request_id))

    def _ask(self, inputs, outputs, parameters, request_id, parts=None):
        request = Request(str(request_id or ""), json.dumps(parameters) if parameters else "")
        return self._call(self.name, self.version, inputs, tuple(outputs), request, parts)


def _taken(answers):
    while True:
        answer = answers.get()
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, tuple):  # the future: that was the last
            last = answer.result()
            if last:
                yield last
            return
        outputs, taken = answer
        copied = {name: array.copy() for name, array in outputs.items()}
        taken()
        yield copied


class Models:
    """The models of the server, by name."""

    def __init__(self, call=None):
        self._call = call or _nobody

    def get(self, name, version=""):
        """`version` is a version or a label; without it the model's traffic decides."""
        return CalledModel(self._call, name, version or "")


def _nobody(*_):
    raise RuntimeError("other models can be called only by a model that runs in the server")


class Request:
    """What the client says of a request beside its tensors."""

    def __init__(self, id="", text=""):
        self.id = id  # as the client calls it; "" if it does not
        self.text = text  # of the parameters: a JSON object, or ""

    @property
    def parameters(self):
        """A dictionary; empty without any."""
        return json.loads(self.text) if self.text else {}


class CurrentRequest:
    """The request that the model answers: `id`, `parameters`. Between calls it is the last one."""

    def __init__(self, find):
        self._find = find

    @property
    def id(self):
        return self._find().id

    @property
    def parameters(self):
        return self._find().parameters


models = Models()
request = CurrentRequest(Request)
