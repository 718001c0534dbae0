#include "model/compiled_settings.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>
#include <thread>

#include "model/backend.h"

namespace plinth {
namespace {

// The processor that the program runs on and what it can do, as the kernel tells.
const std::string& Processor() {
  static const std::string processor = [] {
    std::ifstream in("/proc/cpuinfo");
    std::string text;
    for (std::string line; std::getline(in, line) && !line.empty();) {
      if (line.starts_with("model name") || line.starts_with("flags")) text += line;
    }
    return text + std::to_string(std::thread::hardware_concurrency());
  }();
  return processor;
}

void HashSpecs(std::span<const plinth_tensor_spec> specs, StableHasher& hasher) {
  hasher.Number(specs.size());
  for (const plinth_tensor_spec& spec : specs) {
    hasher.Text(spec.name);
    hasher.Number(static_cast<std::uint64_t>(spec.dtype));
    hasher.Number(static_cast<std::uint64_t>(spec.rank));
    const std::size_t rank = spec.rank > 0 ? static_cast<std::size_t>(spec.rank) : 0;
    hasher.Bytes(std::as_bytes(std::span(spec.shape, rank)));
    hasher.Number(static_cast<std::uint64_t>(spec.batch_axis));
    hasher.Number(static_cast<std::uint64_t>(spec.optional));
  }
}

}  // namespace

StableHasher CompiledSettings(const Backend& backend, const plinth_load_request& request) {
  StableHasher hasher;
  hasher.Text(backend.name());
  hasher.Text(backend.version());
  hasher.Text(backend.runtime());
  // Two builds of one version differ.
  std::error_code error;
  hasher.Number(std::filesystem::file_size(backend.path(), error));
  const auto built = std::filesystem::last_write_time(backend.path(), error);
  hasher.Number(static_cast<std::uint64_t>(built.time_since_epoch().count()));
  hasher.Text(Processor());
  hasher.Number(request.option_count);
  for (const plinth_option& option : std::span(request.options, request.option_count)) {
    hasher.Text(option.key);
    hasher.Text(option.value);
  }
  HashSpecs({request.declared_inputs, request.declared_input_count}, hasher);
  HashSpecs({request.declared_outputs, request.declared_output_count}, hasher);
  return hasher;
}

}  // namespace plinth
