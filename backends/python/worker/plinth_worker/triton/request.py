"""pb_utils.InferenceRequest: what a model is asked, and how it asks other models (BLS)."""

import json

import plinth

from .response import InferenceResponse, ResponseSender, TritonError, code_of_status
from .tensor import Tensor, TritonModelException

TRITONSERVER_REQUEST_FLAG_SEQUENCE_START = 1
TRITONSERVER_REQUEST_FLAG_SEQUENCE_END = 2

_OF_SEQUENCE = ("sequence_id", "sequence_start", "sequence_end")


class PreferredMemory:
    """Taken and ignored: all memory is the processor's."""

    def __init__(self, preferred_memory_type=0, preferred_device_id=0):
        self.type = preferred_memory_type
        self.device = preferred_device_id


TRITONSERVER_MEMORY_CPU, TRITONSERVER_MEMORY_CPU_PINNED, TRITONSERVER_MEMORY_GPU = range(3)


class InferenceTrace:
    def get_context(self):
        return None


class InferenceRequest:
    def __init__(self, inputs=None, requested_output_names=None, model_name="", model_version=-1, request_id="", correlation_id=0, flags=0,
                 timeout=0, preferred_memory=None, trace=None, parameters=None, *, parts=None):
        self._inputs = list(inputs or ())
        if not all(isinstance(tensor, Tensor) for tensor in self._inputs):
            raise TritonModelException("the inputs of an InferenceRequest must be Tensors")
        self._outputs = list(requested_output_names or ())
        self._model_name = model_name
        self._model_version = model_version
        self._request_id = request_id
        self._correlation_id = correlation_id
        self._flags = flags
        self._timeout = timeout
        self._trace = trace or InferenceTrace()
        self._parameters = json.loads(parameters) if isinstance(parameters, str) and parameters else dict(parameters or {})
        self._sender = None
        self._parts = parts  # of a decoupled model

    @classmethod
    def given(cls, tensors, wanted, request, parts=None):
        """The request that the model is to answer, with what `request`, a plinth.Request, says of it."""
        parameters = request.parameters
        sequence = {name: parameters.pop(name, None) for name in _OF_SEQUENCE}
        flags = (TRITONSERVER_REQUEST_FLAG_SEQUENCE_START if sequence["sequence_start"] else 0) | (
            TRITONSERVER_REQUEST_FLAG_SEQUENCE_END if sequence["sequence_end"] else 0)
        parameters.pop("priority", None)
        return cls(tensors, wanted, request_id=request.id, correlation_id=sequence["sequence_id"] or 0, flags=flags,
                   timeout=parameters.pop("timeout", 0), parameters=parameters, parts=parts)

    def add_controls(self, sequences):
        """Adds what a model of sequences is told of this request's."""
        start, end = (bool(self._flags & flag) for flag in (TRITONSERVER_REQUEST_FLAG_SEQUENCE_START, TRITONSERVER_REQUEST_FLAG_SEQUENCE_END))
        self._inputs += sequences.controls(self._correlation_id, start, end)

    def inputs(self):
        return self._inputs

    def requested_output_names(self):
        return set(self._outputs)

    def model_name(self):
        return self._model_name

    def model_version(self):
        return self._model_version

    def request_id(self):
        return self._request_id

    def correlation_id(self):
        return self._correlation_id

    def flags(self):
        return self._flags

    def set_flags(self, flags):
        self._flags = flags

    def timeout(self):
        return self._timeout

    def trace(self):
        return self._trace

    def parameters(self):
        """As JSON."""
        return json.dumps(self._parameters)

    def preferred_memory(self):
        return None

    def is_cancelled(self):
        return False  # a call that is cancelled is interrupted by an exception

    def set_release_flags(self, flags):
        pass

    # ---- The answer of a decoupled model

    def get_response_sender(self):
        if self._sender is None:
            self._sender = ResponseSender(self._parts)
        return self._sender

    # ---- Asking other models

    def exec(self, decoupled=False):
        """The response; with `decoupled`, an iterator over the responses, as they come."""
        if decoupled:
            return self._responses()
        try:
            return _response(self._ask().predict(*self._asked()))
        except plinth.CallFailed as error:
            return _failure(error)

    async def async_exec(self, decoupled=False):
        """The same; the iterator over several waits as that of exec() does."""
        if decoupled:
            return self._responses()
        try:
            return _response(await self._ask().predict_async(*self._asked()))
        except plinth.CallFailed as error:
            return _failure(error)

    def _responses(self):
        answers = self._ask().stream(*self._asked())

        def responses():
            try:
                for answer in answers:
                    yield _response(answer)
            except plinth.CallFailed as error:
                yield _failure(error)

        return responses()

    def _ask(self):
        if not self._model_name:
            raise TritonModelException("the InferenceRequest has no model_name")
        return plinth.models.get(self._model_name, "" if self._model_version in (-1, "", None) else str(self._model_version))

    def _asked(self):
        """What CalledModel takes."""
        parameters = dict(self._parameters)
        if self._correlation_id:
            parameters["sequence_id"] = self._correlation_id
            parameters["sequence_start"] = bool(self._flags & TRITONSERVER_REQUEST_FLAG_SEQUENCE_START)
            parameters["sequence_end"] = bool(self._flags & TRITONSERVER_REQUEST_FLAG_SEQUENCE_END)
        arrays = {tensor.name(): tensor.as_numpy() for tensor in self._inputs}
        return arrays, self._outputs, parameters, self._request_id


def _response(outputs):
    return InferenceResponse([Tensor(name, array) for name, array in outputs.items()])


def _failure(error):
    return InferenceResponse(error=TritonError(str(error), code_of_status(error.status)))


def get_input_tensor_by_name(request, name):
    return next((tensor for tensor in request.inputs() if tensor.name() == name), None)
