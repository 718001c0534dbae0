"""The module that Triton's Python models import, usually as pb_utils; docs/python.md says what is different."""

from plinth_worker.triton.config import (ModelConfig, get_input_config_by_name, get_output_config_by_name,
                                         using_decoupled_model_transaction_policy)
from plinth_worker.triton.model import get_model_dir
from plinth_worker.triton.request import (TRITONSERVER_MEMORY_CPU, TRITONSERVER_MEMORY_CPU_PINNED, TRITONSERVER_MEMORY_GPU,
                                          TRITONSERVER_REQUEST_FLAG_SEQUENCE_END, TRITONSERVER_REQUEST_FLAG_SEQUENCE_START, InferenceRequest,
                                          InferenceTrace, PreferredMemory, get_input_tensor_by_name)
from plinth_worker.triton.response import (TRITONSERVER_RESPONSE_COMPLETE_FINAL, InferenceResponse, TritonError, get_output_tensor_by_name)
from plinth_worker.triton.services import Logger, MetricFamily, load_model, unload_model
from plinth_worker.triton.strings import deserialize_bytes_tensor, serialize_byte_tensor
from plinth_worker.triton.tensor import (Tensor, TritonModelException, numpy_to_triton_type, triton_string_to_numpy, triton_to_numpy_type)

TRITONSERVER_REQUEST_RELEASE_ALL = 1
TRITONSERVER_REQUEST_RELEASE_RESCHEDULE = 2

__all__ = [name for name in dir() if not name.startswith("_")]
