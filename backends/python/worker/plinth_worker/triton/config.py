"""A model's configuration as Triton gives it to the model: the fields of config.pbtxt as JSON, those left out with their defaults."""

import json
import os

from .. import dtypes
from ..wire import Spec
from .tensor import TritonModelException

_INPUT = {"name": "", "data_type": "TYPE_INVALID", "format": "FORMAT_NONE", "dims": [], "is_shape_tensor": False, "allow_ragged_batch": False,
          "optional": False, "is_non_linear_format_io": False}
_OUTPUT = {"name": "", "data_type": "TYPE_INVALID", "dims": [], "label_filename": "", "is_shape_tensor": False, "is_non_linear_format_io": False}


def complete(config, settings):
    """The whole configuration of what was written down of it."""
    name = settings["name"].rpartition("/")[0] or settings["name"]
    whole = {"name": name, "platform": "", "backend": "python", "runtime": "", "version_policy": {"latest": {"num_versions": 1}},
             "max_batch_size": 0, "input": [], "output": [], "batch_input": [], "batch_output": [],
             "optimization": {"priority": "PRIORITY_DEFAULT"}, "instance_group": [],
             "default_model_filename": os.path.basename(settings["path"]), "cc_model_filenames": {}, "metric_tags": {}, "parameters": {},
             "model_warmup": [], **config}
    whole["input"] = [{**_INPUT, **tensor} for tensor in whole["input"]]
    whole["output"] = [{**_OUTPUT, **tensor} for tensor in whole["output"]]
    group = {"name": f"{name}_0", "kind": "KIND_CPU", "count": 1, "gpus": [], "secondary_devices": [], "profile": [], "passive": False,
             "host_policy": ""}
    whole["instance_group"] = [{**group, **given} for given in whole["instance_group"] or [{}]]
    return whole


def of_specs(inputs, outputs):
    """Of a signature that was declared in our own way."""
    return {"input": [_tensor(spec) for spec in inputs], "output": [_tensor(spec) for spec in outputs]}


def _tensor(spec):
    name = "STRING" if spec.dtype == dtypes.BYTES else dtypes.NAMES[spec.dtype]
    return {"name": spec.name, "data_type": "TYPE_" + name, "dims": list(spec.shape or ()), "optional": spec.optional}


def to_specs(config, key):
    """The signature that a configuration says; with batches, all tensors have a further dimension in front."""
    batched = config.get("max_batch_size", 0) > 0
    specs = []
    for tensor in config[key]:
        shape = ([-1] if batched else []) + [int(size) for size in tensor["dims"]]
        specs.append(Spec(tensor["name"], dtypes.parse(tensor["data_type"]), tuple(shape), 0 if batched else -1, bool(tensor.get("optional"))))
    return specs


class ModelConfig:
    """What auto_complete_config completes."""

    def __init__(self, config):
        self._config = config

    def as_dict(self):
        return self._config

    def set_max_batch_size(self, size):
        given = self._config["max_batch_size"]
        if given > size:
            raise TritonModelException(f"max_batch_size is {given} in the configuration, and the model says {size}")
        self._config["max_batch_size"] = given or size

    def set_dynamic_batching(self):
        self._config.setdefault("dynamic_batching", {})

    def set_model_transaction_policy(self, policy):
        self._config["model_transaction_policy"] = dict(policy)

    def add_input(self, tensor):
        self._add("input", tensor, _INPUT)

    def add_output(self, tensor):
        self._add("output", tensor, _OUTPUT)

    def _add(self, key, tensor, defaults):
        unknown = tensor.keys() - defaults.keys()
        if unknown or not {"name", "data_type", "dims"} <= tensor.keys():
            raise TritonModelException(f"an {key} must have name, data_type and dims, and nothing unknown: {tensor}")
        there = next((given for given in self._config[key] if given["name"] == tensor["name"]), None)
        if there is None:
            self._config[key].append({**defaults, **tensor, "dims": list(tensor["dims"])})
        elif (there["data_type"], list(there["dims"])) != (tensor["data_type"], list(tensor["dims"])):
            raise TritonModelException(f"the {key} '{tensor['name']}' has another data_type or dims in the configuration")


def using_decoupled_model_transaction_policy(config):
    return bool(_as_dict(config).get("model_transaction_policy", {}).get("decoupled"))


def get_input_config_by_name(config, name):
    return _by_name(config, "input", name)


def get_output_config_by_name(config, name):
    return _by_name(config, "output", name)


def _by_name(config, key, name):
    return next((tensor for tensor in _as_dict(config).get(key, ()) if tensor["name"] == name), None)


def _as_dict(config):
    return json.loads(config) if isinstance(config, str) else config
