#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "common/backend_kit.h"
#include "python/host.h"
#include "python/model.h"

namespace plinth::python {
namespace {

// A program, or a pickle: by its name or the opcode and protocol that it begins with.
int32_t Probe(const char* path) {
  constexpr std::array<std::string_view, 4> kEndings = {".py", ".pkl", ".pickle", ".joblib"};
  const std::string_view name(path);
  if (std::ranges::any_of(kEndings, [name](std::string_view end) { return name.ends_with(end); }))
    return 1;
  std::ifstream file(path, std::ios::binary);
  const int opcode = file.get();
  const int protocol = file.get();
  return opcode == 0x80 && protocol >= 2 && protocol <= 5 ? 1 : 0;
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
