// Which of a model's numbered versions are served, as Triton and TF Serving have it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/foreign/message_reader.h"
#include "repository/foreign/text_proto.h"

namespace plinth {

struct VersionPolicy {
  enum class Kind { kLatest, kAll, kSpecific };

  Kind kind = Kind::kLatest;
  std::int64_t latest = 1;  // how many of the highest
  std::vector<std::int64_t> specific;

  bool operator==(const VersionPolicy&) const = default;
};

// Reads { latest { num_versions: 2 } }, { all {} } or { specific { versions: [1, 3] } }.
Status ReadVersionPolicy(const text_proto::Field& field, VersionPolicy& policy, Notes& notes);

// Those of `there` that are served, rising.
std::vector<std::int64_t> ChooseVersions(const VersionPolicy& policy,
                                         std::vector<std::int64_t> there);

// The number that a folder's name is; nothing if it is none.
std::optional<std::int64_t> VersionNumber(std::string_view name);

}  // namespace plinth
