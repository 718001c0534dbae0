// Any text as a config.pbtxt of Triton and as TF Serving's model_config_file: no crash, no read out
// of bounds, and settings within their bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzzing.h"
#include "model/config.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"
#include "repository/foreign/tfserving_config.h"
#include "repository/foreign/triton_config.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fields = text_proto::Parse(text)) {
    Notes notes("config.pbtxt");
    if (const auto config = ReadTritonConfig(*fields, notes)) {
      // What Triton says becomes a configuration that could have been written down as ours.
      const auto again = ParseModelConfig(EncodeModelConfig(config->config));
      Require(again.has_value(), "a configuration out of its bounds");
      Require(*again == config->config, "a configuration that does not read back");
    }
  }
  if (const auto config = ParseTfServingConfig(text, "models.config"))
    Require(CheckTfServingConfig(*config).has_value(), "a configuration that is refused later");
  return 0;
}
