#include "repository/foreign/triton_backends.h"

#include <algorithm>

#include <fmt/format.h>

namespace plinth {
namespace {

constexpr std::string_view kTensorRt =
    "a TensorRT plan runs on the GPU that it was built for only; serve the ONNX file that it was "
    "made from";

constexpr TritonBackend kBackends[] = {
    {.name = "onnxruntime_onnx",
     .is_platform = true,
     .engine = "onnxruntime",
     .model_file = "model.onnx"},
    {.name = "tensorflow_savedmodel", .is_platform = true, .model_file = "model.savedmodel"},
    {.name = "tensorflow_graphdef", .is_platform = true, .model_file = "model.graphdef"},
    {.name = "pytorch_libtorch",
     .is_platform = true,
     .engine = "pytorch",
     .model_file = "model.pt"},
    {.name = "tensorrt_plan", .is_platform = true, .unserved = kTensorRt},
    {.name = "ensemble", .is_platform = true, .engine = "pipeline"},
    {.name = "onnxruntime", .engine = "onnxruntime", .model_file = "model.onnx"},
    {.name = "tensorflow", .model_file = "model.savedmodel"},
    {.name = "pytorch", .engine = "pytorch", .model_file = "model.pt"},
    {.name = "openvino", .engine = "openvino", .model_file = "model.xml"},
    {.name = "tensorrt", .unserved = kTensorRt},
    {.name = "python", .engine = "python", .model_file = "model.py"},
    {.name = "fil",
     .unserved =
         "Triton's forests are not served from its repository; deploy the model file of XGBoost, "
         "LightGBM or scikit-learn by itself"},
    {.name = "dali", .unserved = "DALI pipelines are not served; prepare the inputs in the client"},
    {.name = "vllm", .unserved = "vLLM's language models are not served"},
    {.name = "tensorrtllm", .unserved = "TensorRT-LLM's language models are not served"},
};

}  // namespace

Result<TritonBackend> FindTritonBackend(const std::string& platform, const std::string& backend) {
  const std::string& name = backend.empty() ? platform : backend;
  if (name.empty()) return TritonBackend{};
  const auto found = std::ranges::find_if(kBackends, [&](const TritonBackend& b) {
    return b.name == name && b.is_platform == backend.empty();
  });
  if (found != std::end(kBackends)) {
    if (found->unserved.empty()) return *found;
    return Fail(Code::kInvalidModel,
                fmt::format("{} '{}': {}", found->is_platform ? "platform" : "backend", name,
                            found->unserved));
  }
  if (!backend.empty()) return TritonBackend{.name = backend, .engine = backend};
  return Fail(
      Code::kInvalidModel,
      fmt::format("platform '{}' is unknown; served are onnxruntime_onnx, "
                  "tensorflow_savedmodel, tensorflow_graphdef and pytorch_libtorch, or give "
                  "'backend'",
                  name));
}

}  // namespace plinth
