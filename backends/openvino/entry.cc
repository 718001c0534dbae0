#include <filesystem>
#include <openvino/core/version.hpp>
#include <string>
#include <string_view>

#include "common/backend_kit.h"
#include "openvino/openvino_error.h"
#include "openvino/openvino_model.h"

namespace plinth::openvino {
namespace {

int32_t Probe(const char* path) {
  const std::string_view name(path);
  for (const std::string_view suffix : {".pb", ".tflite", ".onnx", ".xml"}) {
    if (name.ends_with(suffix)) return 1;
  }
  std::error_code error;
  return std::filesystem::exists(std::filesystem::path(name) / "saved_model.pb", error) ? 1 : 0;
}

// "OpenVINO 2026.4.1" of "2026.4.1-22982-…".
std::string RuntimeName() {
  const std::string build = ov::get_openvino_version().buildNumber;
  return "OpenVINO " + build.substr(0, build.find('-'));
}

}  // namespace
}  // namespace plinth::openvino

const plinth_backend* plinth_backend_entry(const plinth_host* /*host*/, const char** error) {
  const plinth_status opened = plinth::kit::Guard([]() -> plinth::kit::Status {
    plinth::openvino::OpenRuntime();
    return {};
  });
  if (opened != PLINTH_OK) {
    const std::string reason = plinth::openvino::CleanMessage(plinth::kit::LastError());
    *error = plinth::kit::KeepText("OpenVINO cannot start (" + reason + "); run `make setup`");
    return nullptr;
  }
  static const plinth_backend table = plinth::kit::TableOf<plinth::openvino::Model>(
      "openvino", PLINTH_VERSION, plinth::kit::KeepText(plinth::openvino::RuntimeName()),
      "tensorflow,openvino,onnx", plinth::openvino::Probe);
  return &table;
}
