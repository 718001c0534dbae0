#include "repository/foreign/version_policy.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

namespace plinth {
namespace {

using text_proto::Field;
using Kind = VersionPolicy::Kind;

constexpr std::int64_t kMostVersions = std::numeric_limits<std::uint32_t>::max();

constexpr KnownField<VersionPolicy> kLatestFields[] = {
    {.name = "num_versions",
     .read = [](const Field& field, VersionPolicy& policy,
                Notes&) { return Keep(field.Integer(0, kMostVersions), policy.latest); }},
};
constexpr KnownField<VersionPolicy> kSpecificFields[] = {
    {.name = "versions",
     .read = [](const Field& field, VersionPolicy& policy, Notes&) -> Status {
       const auto number = field.Integer(0, std::numeric_limits<std::int64_t>::max());
       if (!number) return Fail(number.error());
       policy.specific.push_back(*number);
       return {};
     },
     .repeated = true},
};

Status ReadChoice(const Field& field, Kind kind, std::span<const KnownField<VersionPolicy>> known,
                  VersionPolicy& policy, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  policy.kind = kind;
  return ReadMessage<VersionPolicy>(field.fields, known, policy, notes);
}

constexpr KnownField<VersionPolicy> kPolicyFields[] = {
    {.name = "latest",
     .read =
         [](const Field& field, VersionPolicy& policy, Notes& notes) {
           return ReadChoice(field, Kind::kLatest, kLatestFields, policy, notes);
         }},
    {.name = "all",
     .read = [](const Field& field, VersionPolicy& policy,
                Notes& notes) { return ReadChoice(field, Kind::kAll, {}, policy, notes); }},
    {.name = "specific",
     .read =
         [](const Field& field, VersionPolicy& policy, Notes& notes) {
           return ReadChoice(field, Kind::kSpecific, kSpecificFields, policy, notes);
         }},
};

}  // namespace

Status ReadVersionPolicy(const Field& field, VersionPolicy& policy, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  if (field.fields.size() > 1) return field.Refuse("one of latest, all and specific");
  if (auto read = ReadMessage<VersionPolicy>(field.fields, kPolicyFields, policy, notes); !read)
    return read;
  policy.latest = std::max<std::int64_t>(policy.latest, 1);  // 0 is the default of both servers
  notes.From("version_policy", field);
  return {};
}

std::vector<std::int64_t> ChooseVersions(const VersionPolicy& policy,
                                         std::vector<std::int64_t> there) {
  std::ranges::sort(there);
  if (policy.kind == Kind::kSpecific) {
    std::erase_if(there, [&](std::int64_t version) {
      return std::ranges::find(policy.specific, version) == policy.specific.end();
    });
  } else if (policy.kind == Kind::kLatest && std::ssize(there) > policy.latest) {
    there.erase(there.begin(), there.end() - policy.latest);
  }
  return there;
}

std::optional<std::int64_t> VersionNumber(std::string_view name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && number >= 0 && !name.starts_with('-') ? std::optional(number) : std::nullopt;
}

}  // namespace plinth
