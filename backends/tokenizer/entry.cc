#include "common/backend_kit.h"
#include "tokenizer/tokenizer_model.h"

namespace {

// It serves no files by themselves: pipelines ask for it by name.
int32_t Probe(const char*) { return 0; }

}  // namespace

const plinth_backend* plinth_backend_entry(const plinth_host* host, const char** error) {
  if (host == nullptr || host->abi_version != PLINTH_ABI_VERSION) {
    *error = "the host speaks another version of the backend ABI";
    return nullptr;
  }
  static const plinth_backend table = plinth::kit::TableOf<plinth::tokenizer::TokenizerModel>(
      "tokenizer", PLINTH_VERSION, nullptr, "tokenizer", Probe);
  return &table;
}
