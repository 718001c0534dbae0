#include <algorithm>
#include <string>

#include "common/backend_kit.h"
#include "onnxruntime/onnx_model.h"
#include "onnxruntime/ort_runtime.h"

namespace plinth::onnx {
namespace {

int32_t Probe(const char* path) {
  const std::string_view name(path);
  return name.ends_with(".onnx") || name.ends_with(".ort") ? 1 : 0;
}

}  // namespace
}  // namespace plinth::onnx

const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
  if (plinth::kit::Guard([&] { return plinth::onnx::OpenRuntime(host); }) != PLINTH_OK) {
    *error = plinth::kit::KeepText(plinth::kit::LastError());
    return nullptr;
  }
  static const plinth_backend table = plinth::kit::TableOf<plinth::onnx::Model>(
      "onnxruntime", PLINTH_VERSION, plinth::onnx::RuntimeName(), "onnx", plinth::onnx::Probe);
  return &table;
}
