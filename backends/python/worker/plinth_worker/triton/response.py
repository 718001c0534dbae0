"""pb_utils.InferenceResponse and all that belongs to answers."""

import queue

from .. import wire
from ..failures import Refusal
from .tensor import TritonModelException

TRITONSERVER_RESPONSE_COMPLETE_FINAL = 1


class TritonError:
    UNKNOWN, INTERNAL, NOT_FOUND, INVALID_ARG, UNAVAILABLE, UNSUPPORTED, ALREADY_EXISTS, CANCELLED = range(8)

    def __init__(self, message="", code=INTERNAL):
        self._message = str(message)
        self._code = code

    def message(self):
        return self._message

    def code(self):
        return self._code

    def __str__(self):
        return self._message


_STATUS = {TritonError.NOT_FOUND: wire.NOT_FOUND, TritonError.INVALID_ARG: wire.INVALID_ARGUMENT, TritonError.UNAVAILABLE: wire.UNAVAILABLE,
           TritonError.UNSUPPORTED: wire.UNSUPPORTED}
_CODES = {status: code for code, status in _STATUS.items()}


def code_of_status(status):
    """Of a plinth_status."""
    return _CODES.get(status, TritonError.CANCELLED if status == wire.CANCELLED else TritonError.INTERNAL)


class InferenceResponse:
    def __init__(self, output_tensors=None, error=None, parameters=None):
        self._tensors = list(output_tensors or ())
        self._error = TritonError(error) if isinstance(error, str) else error
        self._parameters = parameters or {}

    def output_tensors(self):
        return self._tensors

    def has_error(self):
        return self._error is not None

    def error(self):
        return self._error

    def parameters(self):
        return self._parameters

    def arrays(self):
        """The outputs by name, or the error that it is as an exception."""
        if self._error is not None:
            raise Refusal(_STATUS.get(self._error.code(), wire.INTERNAL), self._error.message() or "the model gives no reason")
        return {tensor.name(): tensor.as_numpy() for tensor in self._tensors}


class ResponseSender:
    """How a decoupled model answers, from any thread."""

    def __init__(self):
        self._sent = queue.SimpleQueue()
        self._final = False

    def send(self, response=None, flags=0):
        if self._final:
            raise TritonModelException("the final response has been sent already")
        if response is not None and not isinstance(response, InferenceResponse):
            raise TritonModelException("send() takes an InferenceResponse")
        self._final = bool(flags & TRITONSERVER_RESPONSE_COMPLETE_FINAL)
        self._sent.put((response, self._final))

    def is_cancelled(self):
        return False

    def only(self):
        """The one response, when the last has been sent."""
        responses, final = [], False
        while not final:
            response, final = self._sent.get()
            responses += [response] * (response is not None)
            if len(responses) > 1:
                raise Refusal(wire.UNSUPPORTED, "the model sends several responses to one request; one can be answered")
        if not responses:
            raise Refusal(wire.INTERNAL, "the model has sent no response")
        return responses[0]


def get_output_tensor_by_name(response, name):
    return next((tensor for tensor in response.output_tensors() if tensor.name() == name), None)
