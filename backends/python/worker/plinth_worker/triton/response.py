"""pb_utils.InferenceResponse and all that belongs to answers."""

import queue

from .. import wire
from ..failures import Refusal
from ..parts import CallOver
from .tensor import TritonModelException

TRITONSERVER_RESPONSE_COMPLETE_FINAL = 1

_LOOK_S = 0.1  # how often who waits for the final response looks whether the call goes on


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
    """How a model answers from any thread: one that is decoupled any number of times, each at once, any other once."""

    def __init__(self, parts):
        self._parts = parts
        self._ended = queue.SimpleQueue()  # of what the final response was, or an error
        self._final = False
        self._responses = []  # where they are kept for the end

    def send(self, response=None, flags=0):
        if self._final:
            raise TritonModelException("the final response has been sent already")
        if response is not None and not isinstance(response, InferenceResponse):
            raise TritonModelException("send() takes an InferenceResponse")
        self._final = bool(flags & TRITONSERVER_RESPONSE_COMPLETE_FINAL)
        if self._parts is None:
            self._responses += [response] * (response is not None)
        elif response is not None:
            self._give(response)
        if self._final:
            self._ended.put(None)  # behind what was wrong, if anything was

    def _give(self, response):
        """What is wrong with the response ends the request, in whatever thread that is."""
        try:
            self._parts.give(response.arrays(), self._final)
        except CallOver as error:
            raise TritonModelException(str(error)) from None
        except Exception as error:
            self._final = True
            self._ended.put(error)

    def is_cancelled(self):
        return self._parts is not None and self._parts.closed

    def finish(self):
        """Waits for the final response; raises the error that one was."""
        while True:
            try:
                error = self._ended.get(timeout=_LOOK_S)
                break
            except queue.Empty:
                pass  # where the call is interrupted, if it runs in a thread
        if error is not None:
            raise error

    def only(self):
        """The one response, when the last has been sent."""
        self.finish()
        if len(self._responses) > 1:
            raise Refusal(wire.UNSUPPORTED, "the model sends several responses to one request, and its configuration does not say that it is "
                                            "decoupled (model_transaction_policy)")
        if not self._responses:
            raise Refusal(wire.INTERNAL, "the model has sent no response")
        return self._responses[0]


def get_output_tensor_by_name(response, name):
    return next((tensor for tensor in response.output_tensors() if tensor.name() == name), None)
