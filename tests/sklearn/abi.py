"""The structures of include/plinth/backend.h for ctypes; names and order as there."""

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64,
                    c_void_p)

ABI_VERSION = 1
FP64, BYTES = 13, 14
NUMPY_NAMES = {1: "bool", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "uint8", 7: "uint16", 8: "uint32", 9: "uint64",
               10: "float16", 12: "float32", 13: "float64"}  # fmt: skip


class Tensor(Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_int), ("rank", c_uint32), ("shape", POINTER(c_int64)), ("data", c_void_p),
                ("byte_size", c_size_t), ("offsets", POINTER(c_uint64))]  # fmt: skip


class TensorSpec(Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_int), ("rank", c_int32), ("shape", POINTER(c_int64)), ("batch_axis", c_int32),
                ("optional", c_int32)]  # fmt: skip


class Signature(Structure):
    _fields_ = [("struct_size", c_size_t), ("input_count", c_size_t), ("inputs", POINTER(TensorSpec)), ("output_count", c_size_t),
                ("outputs", POINTER(TensorSpec)), ("concurrent", c_int32), ("stateful", c_int32)]  # fmt: skip


class Option(Structure):
    _fields_ = [("key", c_char_p), ("value", c_char_p)]


class LoadRequest(Structure):
    _fields_ = [("struct_size", c_size_t), ("path", c_char_p), ("option_count", c_size_t), ("options", POINTER(Option)),
                ("declared_input_count", c_size_t), ("declared_inputs", POINTER(TensorSpec)), ("declared_output_count", c_size_t),
                ("declared_outputs", POINTER(TensorSpec)), ("compiled", c_void_p)]  # fmt: skip


Release = CFUNCTYPE(None, c_void_p)


class Output(Structure):
    _fields_ = [("tensor", Tensor), ("release_context", c_void_p), ("release", Release)]


class ExecuteRequest(Structure):
    _fields_ = [("struct_size", c_size_t), ("input_count", c_size_t), ("inputs", POINTER(Tensor)), ("output_count", c_size_t),
                ("outputs", POINTER(c_uint32)), ("on_cancel", c_void_p), ("cancel_context", c_void_p)]  # fmt: skip


class ExecuteResponse(Structure):
    _fields_ = [("struct_size", c_size_t), ("outputs", POINTER(Output))]


Log = CFUNCTYPE(None, c_int, c_char_p)


class Host(Structure):
    _fields_ = [("struct_size", c_size_t), ("abi_version", c_uint32), ("log", Log)]


class Backend(Structure):
    _fields_ = [
        ("struct_size", c_size_t), ("abi_version", c_uint32), ("name", c_char_p), ("version", c_char_p), ("runtime", c_char_p),
        ("frameworks", c_char_p), ("probe", CFUNCTYPE(c_int32, c_char_p)),
        ("load", CFUNCTYPE(c_int, POINTER(LoadRequest), POINTER(c_void_p))),
        ("describe", CFUNCTYPE(POINTER(Signature), c_void_p)), ("warm", c_void_p),
        ("execute", CFUNCTYPE(c_int, c_void_p, POINTER(ExecuteRequest), POINTER(ExecuteResponse))),
        ("unload", CFUNCTYPE(None, c_void_p)), ("last_error", CFUNCTYPE(c_char_p))]  # fmt: skip
