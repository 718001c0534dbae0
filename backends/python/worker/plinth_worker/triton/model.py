"""Runs a TritonPythonModel: one request in each call of execute."""

import json
import os

import plinth

from ..failures import Refusal
from ..wire import INTERNAL, INVALID_MODEL
from . import config as configs
from .request import InferenceRequest
from .response import InferenceResponse
from .sequences import Sequences
from .tensor import Tensor

_model_dir = ""
owner = None  # where several models share the interpreter: gives the one that asks


def get_model_dir():
    """The folder of the model's version."""
    program = owner() if owner is not None else None
    return program.folder if program is not None else _model_dir


class TritonModel:
    def __init__(self, kind, settings, declared_inputs, declared_outputs, waiter):
        global _model_dir
        _model_dir = os.path.dirname(settings["path"])
        given = json.loads(settings["triton_config"]) if settings["triton_config"] else configs.of_specs(declared_inputs, declared_outputs)
        config = self._complete(kind, configs.complete(given, settings))
        self.inputs = declared_inputs or configs.to_specs(config, "input")
        self.outputs = declared_outputs or configs.to_specs(config, "output")
        if not self.outputs:
            raise Refusal(INVALID_MODEL, "nothing says what the model's inputs and outputs are; write them into its config.pbtxt, or into "
                                         "the deployment's config, or give it auto_complete_config")
        self.decoupled = configs.using_decoupled_model_transaction_policy(config)
        self._sequences = Sequences(config) if "sequence_batching" in config else None
        self.stateful = self._sequences is not None
        self._await = waiter
        self._model = kind()
        if hasattr(self._model, "initialize"):
            self._await(self._model.initialize(self._arguments(config, settings)))

    @staticmethod
    def _complete(kind, config):
        if not hasattr(kind, "auto_complete_config"):
            return config
        completed = kind.auto_complete_config(configs.ModelConfig(config))
        if not isinstance(completed, configs.ModelConfig):
            raise Refusal(INVALID_MODEL, "auto_complete_config must return the ModelConfig that it was given")
        return completed.as_dict()

    @staticmethod
    def _arguments(config, settings):
        """All texts, as in Triton."""
        folder = os.path.dirname(settings["path"])
        version = settings["name"].rpartition("/")[2]
        repository = os.path.dirname(folder) if os.path.basename(folder) == version else folder
        return {"model_config": json.dumps(config), "model_instance_kind": "CPU", "model_instance_name": config["name"] + "_0_0",
                "model_instance_device_id": "0", "model_repository": repository, "model_version": version, "model_name": config["name"]}

    def predict(self, arrays, wanted):
        request = self._request(arrays, wanted)
        responses = self._await(self._model.execute([request]))
        return self._only(request, responses).arrays()

    def predict_parts(self, arrays, wanted, parts):
        request = self._request(arrays, wanted, parts)
        responses = self._await(self._model.execute([request]))
        if request._sender is not None:
            request._sender.finish()
        elif responses is not None:
            parts.give(self._only(request, responses).arrays(), last=True)

    def _request(self, arrays, wanted, parts=None):
        request = InferenceRequest.given([Tensor(name, array) for name, array in arrays.items()], wanted, plinth.request, parts)
        if self._sequences is not None:
            request.add_controls(self._sequences)
        return request

    @staticmethod
    def _only(request, responses):
        response = responses[0] if isinstance(responses, (list, tuple)) and len(responses) == 1 else None
        if response is None and request._sender is not None:
            return request._sender.only()
        if not isinstance(response, InferenceResponse):
            raise Refusal(INTERNAL, f"execute gave {_kind_of(responses)} for one request; a list with one InferenceResponse was expected, or "
                                    "a response sent by the request's response sender")
        return response

    def close(self):
        if hasattr(self._model, "finalize"):
            self._await(self._model.finalize())


def _kind_of(responses):
    if isinstance(responses, (list, tuple)):
        return f"a list of {len(responses)}"
    return "None" if responses is None else f"a {type(responses).__name__}"
