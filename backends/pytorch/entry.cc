#include <torch/headeronly/version.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "common/backend_kit.h"
#include "pytorch/torch_error.h"
#include "pytorch/torch_file.h"
#include "pytorch/torch_model.h"

namespace plinth::pytorch {
namespace {

int32_t Probe(const char* path) {
  const std::string_view name(path);
  for (const std::string_view suffix : {".pt", ".pth", ".torchscript"}) {
    if (name.ends_with(suffix)) return 1;
  }
  return CheckFile(path) ? 1 : 0;
}

}  // namespace
}  // namespace plinth::pytorch

const plinth_backend* plinth_backend_entry(const plinth_host* /*host*/, const char** error) {
  const plinth_status opened = plinth::kit::Guard([] {
    return plinth::pytorch::Catching(PLINTH_INTERNAL, []() -> plinth::kit::Status {
      plinth::pytorch::OpenRuntime();
      return {};
    });
  });
  if (opened != PLINTH_OK) {
    *error = plinth::kit::KeepText(plinth::kit::LastError());
    return nullptr;
  }
  static const plinth_backend table = plinth::kit::TableOf<plinth::pytorch::Model>(
      "pytorch", PLINTH_VERSION, "libtorch " TORCH_VERSION, "pytorch", plinth::pytorch::Probe);
  return &table;
}
