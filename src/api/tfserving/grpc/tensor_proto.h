// tensorflow.TensorProto, from bytes to a tensor and back.
//
// A tensor comes as `tensor_content`, its bytes as they lie in memory, or as one of the `*_val`
// lists. A list that is shorter than the tensor has its last value repeated, an empty one means
// zeros, and what a longer one has in excess is ignored, as in TensorFlow.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <protozero/data_view.hpp>

#include "base/buffer.h"
#include "base/status.h"
#include "net/grpc.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

// How many bytes of tensors a request may ask for by lists that are shorter than their tensors.
inline constexpr std::size_t kMostFilledBytes = std::size_t{64} << 20;

// `proto` lies in `message`; where the tensor's bytes stand in it as they are needed and aligned,
// the tensor is a slice of it. What is filled is taken from `fill_budget`. INVALID_ARGUMENT. Throws
// protozero::exception for what is no protobuf.
Result<Tensor> DecodeTensorProto(protozero::data_view proto, const Buffer& message,
                                 std::size_t& fill_budget);

// The fields of a TensorProto in two pieces: those before the elements, with the tag and the length
// of the elements; and the elements, which share the tensor's memory if its type allows.
struct TensorProtoPieces {
  std::string head;
  Buffer elements;

  std::size_t size() const { return head.size() + elements.size(); }
};

// As the `*_val` list of the tensor's type.
TensorProtoPieces EncodeTensorProto(const Tensor& tensor);

}  // namespace plinth::api::tfserving
