#include <string>

#include "common/backend_kit.h"
#include "javascript/engine.h"
#include "javascript/model.h"

// Of the library's other API, whose headers need GLib's.
extern "C" {
unsigned jsc_get_major_version();
unsigned jsc_get_minor_version();
unsigned jsc_get_micro_version();
}

namespace plinth::javascript {
namespace {

int32_t Probe(const char* path) {
  if (IsScript(path)) return 1;
  return MainFile(path).empty() ? 0 : 1;
}

const char* Runtime() {
  return kit::KeepText("JavaScriptCore " + std::to_string(jsc_get_major_version()) + "." +
                       std::to_string(jsc_get_minor_version()) + "." +
                       std::to_string(jsc_get_micro_version()));
}

}  // namespace
}  // namespace plinth::javascript

const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
  if (host == nullptr || host->abi_version != PLINTH_ABI_VERSION) {
    *error = "the host speaks another version of the backend ABI";
    return nullptr;
  }
  plinth::javascript::ConfigureRuntime();
  plinth::javascript::SetHost(host);
  static const plinth_backend table = plinth::kit::TableOf<plinth::javascript::Model>(
      "javascript", PLINTH_VERSION, plinth::javascript::Runtime(), "javascript,typescript",
      plinth::javascript::Probe);
  return &table;
}
