"""TF Serving's gRPC messages and stubs, from the descriptors that the program itself is built with."""

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from harness.server import BUILD

_pool = descriptor_pool.DescriptorPool()
_files = descriptor_pb2.FileDescriptorSet.FromString((BUILD / "embedded" / "proto.set").read_bytes())
for _file in _files.file:
    _pool.Add(_file)


def message(name):
    """The class of a message: "serving.PredictRequest" of package tensorflow."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"tensorflow.{name}"))


DTYPES = {np.float32: 1, np.float64: 2, np.int32: 3, np.uint8: 4, np.int16: 5, np.int8: 6, np.object_: 7, np.int64: 9, np.bool_: 10,
          np.uint16: 17, np.float16: 19, np.uint32: 22, np.uint64: 23}
TYPES = {number: np.dtype(dtype) for dtype, number in DTYPES.items()}
LISTS = {1: "float_val", 2: "double_val", 3: "int_val", 4: "int_val", 5: "int_val", 6: "int_val", 7: "string_val", 9: "int64_val",
         10: "bool_val", 14: "half_val", 17: "int_val", 19: "half_val", 22: "uint32_val", 23: "uint64_val"}


BFLOAT16 = 14  # which numpy lacks: its bits as uint16


def tensor(values, dtype=np.float32, content=False, number=None):
    """A TensorProto, as tensorflow.make_tensor_proto makes it: with the list of its type, or as content. `number` is another type's."""
    array = np.asarray(values, dtype=dtype)
    proto = message("TensorProto")(dtype=number or DTYPES[array.dtype.type])
    for size in array.shape:
        proto.tensor_shape.dim.add(size=size)
    if content:
        proto.tensor_content = array.tobytes()
    else:
        flat = array.view(np.uint16) if array.dtype == np.float16 else array
        getattr(proto, LISTS[proto.dtype]).extend(flat.ravel().tolist())
    return proto


def ndarray(proto):
    """What tensorflow.make_ndarray gives for a tensor with the list of its type."""
    shape = [dim.size for dim in proto.tensor_shape.dim]
    values = list(getattr(proto, LISTS[proto.dtype]))
    if proto.dtype == 19:
        return np.array(values, dtype=np.uint16).view(np.float16).reshape(shape)
    return np.array(values, dtype=np.uint16 if proto.dtype == BFLOAT16 else TYPES[proto.dtype]).reshape(shape)


class Stub:
    """Calls methods of both services: stub.Predict(request)."""

    def __init__(self, channel, timeout=60):
        self._timeout = timeout
        self._calls = {}
        for service in ("PredictionService", "ModelService"):
            described = _pool.FindServiceByName(f"tensorflow.serving.{service}")
            for method in described.methods:
                self._calls[method.name] = channel.unary_unary(
                    f"/{described.full_name}/{method.name}",
                    request_serializer=lambda request: request.SerializeToString(),
                    response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)

    def __getattr__(self, name):
        call = self._calls[name]
        return lambda request, **keys: call(request, **{"timeout": self._timeout, **keys})
