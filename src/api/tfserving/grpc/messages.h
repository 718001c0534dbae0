// The messages of TF Serving's services: requests from bytes, answers to bytes.
//
// Decoders throw protozero::exception for what is no protobuf: callers guard them
// (protobuf::Guarded).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <protozero/data_view.hpp>

#include "api/protobuf/reader.h"
#include "api/tfserving/model_spec.h"
#include "api/tfserving/model_status.h"
#include "api/tfserving/results.h"
#include "base/buffer.h"
#include "base/status.h"
#include "model/model_version.h"
#include "net/grpc.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

inline protozero::data_view ViewOf(const Buffer& message) {
  return {message.As<char>(), message.size()};
}

// An inference request without what takes room: its tensors or examples are read once it is known
// which version is to answer. The views point into the message.
struct PredictRequest {
  ModelSpec spec;
  std::vector<std::pair<std::string, protozero::data_view>> inputs;  // name and TensorProto
  std::vector<std::string> output_filter;
};
PredictRequest DecodePredictRequest(protozero::data_view message);

// Of a ClassificationRequest or a RegressionRequest.
struct ExamplesRequest {
  ModelSpec spec;
  protozero::data_view input;  // Input
};
ExamplesRequest DecodeExamplesRequest(protozero::data_view message);

struct InferenceTask {
  ModelSpec spec;
  std::string method;
};
struct MultiInferenceRequest {
  std::vector<InferenceTask> tasks;
  protozero::data_view input;  // Input
};
MultiInferenceRequest DecodeMultiInferenceRequest(protozero::data_view message);

struct MetadataRequest {
  bool has_spec = false;
  ModelSpec spec;
  std::vector<std::string> fields;
};
// Of a GetModelMetadataRequest or a GetModelStatusRequest, which has no fields.
MetadataRequest DecodeMetadataRequest(protozero::data_view message);

// The spec of an answer: what was asked for, with the version that has answered. Without a name for
// a signature that was left open, where the answer has none.
std::string EncodeModelSpec(const ModelSpec& asked, std::string_view version);

// `outputs` in this order, sharing their memory.
net::GrpcMessage EncodePredictResponse(std::string_view spec, std::span<const NamedTensor> outputs);

// Results, and whole answers around one.
std::string EncodeClassificationResult(const Classification& classification);
std::string EncodeRegressionResult(std::span<const float> values);
net::GrpcMessage EncodeResultResponse(std::string_view spec, std::string result);

// One of MultiInferenceResponse.results.
struct InferenceResult {
  std::string spec;
  bool classification = false;  // else a regression
  std::string result;
};
net::GrpcMessage EncodeMultiInferenceResponse(std::span<const InferenceResult> results);

net::GrpcMessage EncodeMetadataResponse(std::string_view spec, const VersionInfo& version);
net::GrpcMessage EncodeStatusResponse(std::span<const VersionStatus> versions);

}  // namespace plinth::api::tfserving
