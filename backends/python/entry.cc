#include <filesystem>

#include "common/backend_kit.h"
#include "python/host.h"
#include "python/model.h"

namespace plinth::python {
namespace {

int32_t Probe(const char* path) {
  const std::filesystem::path extension = std::filesystem::path(path).extension();
  return extension == ".py" ? 1 : 0;
}

}  // namespace
}  // namespace plinth::python

const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
  if (host == nullptr || host->abi_version != PLINTH_ABI_VERSION) {
    *error = "the host speaks another version of the backend ABI";
    return nullptr;
  }
  plinth::python::SetHost(host);
  static const plinth_backend table = plinth::kit::TableOf<plinth::python::Model>(
      "python", PLINTH_VERSION, nullptr, "python", plinth::python::Probe, /*runs_code=*/true);
  return &table;
}
