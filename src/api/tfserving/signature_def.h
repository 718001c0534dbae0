// A model's signatures, as TF Serving's clients see them.
//
// A model has one: what TF Serving calls "serving_default", and for a SavedModel of which another
// signature is served (the option "signature") by that name as well. Where its outputs can be read
// as classes or as a regression, it is also there as "classification" or "regression".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/tfserving/model_spec.h"
#include "model/config.h"
#include "model/model_version.h"
#include "model/signature.h"

namespace plinth::api::tfserving {

inline constexpr std::string_view kDefaultSignature = "serving_default";
inline constexpr std::string_view kClassification = "classification";
inline constexpr std::string_view kRegression = "regression";
inline constexpr std::string_view kPredictMethod = "tensorflow/serving/predict";
inline constexpr std::string_view kClassifyMethod = "tensorflow/serving/classify";
inline constexpr std::string_view kRegressMethod = "tensorflow/serving/regress";

// The name of the one that is served.
std::string MainSignature(const ModelConfig& config);

// Whether a request for that method that asks for the signature `name`, empty for the default one,
// is right here.
bool HasSignature(const ModelConfig& config, std::string_view method, std::string_view name);

// The spec as answers repeat it: with the default signature's name where none was asked for.
ModelSpec Answered(ModelSpec spec);

struct TensorInfo {
  std::string key;         // by which requests and answers know it
  const TensorSpec* spec;  // lives as long as the signature
};

// What stands for the tensor's name in a graph: "x:0".
std::string GraphName(const TensorSpec& spec);

struct SignatureDef {
  std::string name;
  std::string_view method;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

// All of them. They point into `version`.
std::vector<SignatureDef> SignaturesOf(const VersionInfo& version);

// The answer to GET .../metadata.
std::string EncodeMetadata(const VersionInfo& version);

}  // namespace plinth::api::tfserving
