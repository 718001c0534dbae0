// Reading a message by a table of the fields that it may have.
//
//   constexpr KnownField<Group> kGroupFields[] = {
//       {.name = "count", .read = ReadCount},
//       {.name = "gpus", .unserved = "has no effect: models run on the CPU", .repeated = true},
//   };
//   auto read = ReadMessage<Group>(field.fields, kGroupFields, group, notes);
#pragma once

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/nearest.h"
#include "base/status.h"
#include "repository/foreign/notes.h"
#include "repository/foreign/text_proto.h"

namespace plinth {

template <typename Target>
struct KnownField {
  std::string_view name;
  Status (*read)(const text_proto::Field&, Target&, Notes&) = nullptr;
  std::string_view unserved = {};  // instead of `read`: the warning; empty: it needs none
  bool repeated = false;
};

// "3:7: there is no field 'nam'; did you mean 'name'?"
std::unexpected<Error> UnknownField(const text_proto::Field& field,
                                    std::span<const std::string_view> known);
std::unexpected<Error> RepeatedField(const text_proto::Field& field);

// Stops at the first error. INVALID_ARGUMENT for a field that is not in the table, or that is there
// twice without being `repeated`.
template <typename Target>
Status ReadMessage(std::span<const text_proto::Field> fields,
                   std::span<const KnownField<Target>> known, Target& target, Notes& notes) {
  std::set<std::string_view> seen;
  for (const text_proto::Field& field : fields) {
    const auto found = std::ranges::find(known, field.name, &KnownField<Target>::name);
    if (found == known.end()) {
      std::vector<std::string_view> names;
      for (const KnownField<Target>& k : known) names.push_back(k.name);
      return UnknownField(field, names);
    }
    if (!seen.insert(found->name).second && !found->repeated) return RepeatedField(field);
    if (found->read != nullptr) {
      if (auto read = found->read(field, target, notes); !read) return read;
    } else if (!found->unserved.empty()) {
      notes.Warn(field, found->unserved);
    }
  }
  return {};
}

// Reads the value into `to` if it is one.
template <typename T, typename U>
Status Keep(Result<T> value, U& to) {
  if (!value) return Fail(std::move(value.error()));
  to = *std::move(value);
  return {};
}

// One entry of a map: {key, value}. The fields live as long as the entry's.
struct MapEntry {
  const text_proto::Field* key = nullptr;
  const text_proto::Field* value = nullptr;
};
Result<MapEntry> ReadMapEntry(const text_proto::Field& field);

}  // namespace plinth
