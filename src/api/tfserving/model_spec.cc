#include "api/tfserving/model_spec.h"

#include <charconv>
#include <system_error>

namespace plinth::api::tfserving {

std::optional<std::int64_t> VersionNumber(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  std::int64_t number = 0;
  const char* const end = version.data() + version.size();
  const auto [at, error] = std::from_chars(version.data(), end, number);
  if (version.empty() || version.front() == '-' || error != std::errc() || at != end)
    return std::nullopt;
  return number;
}

Error ServableNotFound(const ModelSpec& spec) {
  const std::string which = spec.version
                                ? "Specific(" + spec.name + ", " + std::to_string(*spec.version)
                                : "Latest(" + spec.name;
  return {Code::kNotFound, "Servable not found for request: " + which + ")"};
}

Error UnrecognizedLabel(const ModelSpec& spec) {
  return {Code::kInvalidArgument,
          "Unrecognized servable version label: " + spec.label.value_or("")};
}

}  // namespace plinth::api::tfserving
