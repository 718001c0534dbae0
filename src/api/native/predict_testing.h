// What the tests of the prediction's codecs share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/native/predict_decoder.h"
#include "model/signature.h"
#include "net/http.h"
#include "tensor/tensor.h"

namespace plinth::api {

inline TensorSpec Spec(std::string name, DType type, std::optional<Shape> shape) {
  TensorSpec spec{.name = std::move(name), .dtype = type, .shape = shape};
  if (spec.shape && spec.shape->rank() > 0 && (*spec.shape)[0] == -1) spec.batch_axis = 0;
  return spec;
}

inline Signature Of(std::vector<TensorSpec> inputs) {
  Signature signature;
  signature.inputs = std::move(inputs);
  return signature;
}

inline Signature One(DType type, std::optional<Shape> shape) {
  return Of({Spec("x", type, shape)});
}

// The bytes as the transport gives them, with the padding full of what would mislead a parser that
// reads it.
inline Buffer BodyOf(std::string_view json) {
  std::string text(json);
  text.append(net::HttpRequest::kBodyPadding, '}');
  return Buffer::FromString(std::move(text)).Slice(0, json.size());
}

// Whatever the body names, it is for this signature.
class OneSignature final : public VersionChoice {
 public:
  explicit OneSignature(const Signature& signature) : signature_(signature) {}
  Result<const Signature*> Presumed() override { return &signature_; }
  Result<const Signature*> Named(std::string_view) override { return &signature_; }
  Result<const Signature*> Routed(std::optional<std::string_view>) override { return &signature_; }
  std::string_view sticky_field() override { return {}; }

 private:
  const Signature& signature_;
};

inline Result<PredictBody> Decode(std::string_view json, const Signature& signature) {
  OneSignature choice(signature);
  return DecodePredict(BodyOf(json), choice);
}

inline Tensor Only(std::string_view json, const Signature& signature) {
  auto body = Decode(json, signature);
  if (!body) {
    ADD_FAILURE() << body.error().message;
    return {};
  }
  EXPECT_EQ(body->inputs.size(), 1U);
  return body->inputs.at(0).tensor;
}

inline std::string ErrorOf(std::string_view json, const Signature& signature) {
  const auto body = Decode(json, signature);
  if (body) {
    ADD_FAILURE() << "was accepted: " << json;
    return "";
  }
  EXPECT_EQ(body.error().code, Code::kInvalidArgument);
  return body.error().message;
}

inline std::string Inputs(std::string_view value) {
  return "{\"inputs\": " + std::string(value) + "}";
}

template <typename T>
std::vector<T> ValuesOf(const Tensor& tensor) {
  const auto values = tensor.values<T>();
  return {values.begin(), values.end()};
}

}  // namespace plinth::api
