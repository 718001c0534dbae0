// What the tests of the JSON codecs share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "model/signature.h"
#include "net/http.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

inline TensorSpec Spec(std::string name, DType type, std::optional<Shape> shape) {
  TensorSpec spec{.name = std::move(name), .dtype = type, .shape = shape};
  if (spec.shape && spec.shape->rank() > 0 && (*spec.shape)[0] == -1) spec.batch_axis = 0;
  return spec;
}

inline Signature Taking(std::vector<TensorSpec> inputs) {
  Signature signature;
  signature.inputs = std::move(inputs);
  return signature;
}

// The bytes as the transport gives them, with the padding full of what would mislead a parser that
// reads it.
inline Buffer BodyOf(std::string_view json) {
  std::string text(json);
  text.append(net::HttpRequest::kBodyPadding, '}');
  return Buffer::FromString(std::move(text)).Slice(0, json.size());
}

template <typename T>
std::vector<T> ValuesOf(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

}  // namespace plinth::api::tfserving
