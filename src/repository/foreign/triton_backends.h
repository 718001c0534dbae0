// Triton's platforms and backends, and the engines that serve their models here.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace plinth {

struct TritonBackend {
  std::string_view name;
  bool is_platform = false;
  std::string_view engine{};      // ours; empty: the default one for the files
  std::string_view model_file{};  // the model's name in a version's folder, if nothing else is said
  std::string_view unserved{};    // why its models cannot be served, and what to do
};

// The row for a platform or a backend; of both, the backend counts, as in Triton. A backend that is
// not known is taken for one of our engines. INVALID_MODEL for what cannot be served.
Result<TritonBackend> FindTritonBackend(const std::string& platform, const std::string& backend);

}  // namespace plinth
