#include "repository/foreign/triton_batching.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "repository/foreign/message_reader.h"

namespace plinth {
namespace {

using text_proto::Field;

constexpr std::int64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMostRows = 65'536;
constexpr std::int64_t kMostInstances = 1'024;
constexpr std::int64_t kMostWaitMs = 60'000;
constexpr std::int64_t kMostTimeoutMs = 86'400'000;
constexpr std::int64_t kMostWaiting = 1'000'000;

// Our times are in milliseconds: a part of one is a whole one.
Result<std::int64_t> Milliseconds(const Field& field, std::int64_t most, Notes& notes) {
  const auto us = field.Integer(0, kAnyNumber);
  if (!us) return Fail(us.error());
  const std::int64_t ms = *us / 1000 + (*us % 1000 != 0 ? 1 : 0);
  if (ms > most) {
    notes.Warn(field, "counts as " + std::to_string(most) + " ms, the longest that there is");
  } else if (*us % 1000 != 0) {
    notes.Warn(field, "counts as " + std::to_string(ms) + " ms");
  }
  return std::min(ms, most);
}

// ---- The queue

constexpr KnownField<TritonConfig> kQueueFields[] = {
    {.name = "timeout_action",
     .read = [](const Field& field, TritonConfig&, Notes& notes) -> Status {
       const auto action = field.Word();
       if (!action) return Fail(action.error());
       if (*action == "DELAY" || *action == "1") {
         notes.Warn(field, "has no effect: a request that is too late is refused");
       } else if (*action != "REJECT" && *action != "0") {
         return field.Refuse("REJECT or DELAY");
       }
       return {};
     }},
    {.name = "default_timeout_microseconds",
     .read =
         [](const Field& field, TritonConfig& config, Notes& notes) {
           notes.From("timeout_ms", field);
           return Keep(Milliseconds(field, kMostTimeoutMs, notes), config.config.timeout_ms);
         }},
    {.name = "allow_timeout_override",
     .read = [](const Field& field, TritonConfig&, Notes& notes) -> Status {
       const auto allowed = field.Boolean();
       if (!allowed) return Fail(allowed.error());
       if (!*allowed) notes.Warn(field, "has no effect: a request may ask for a shorter time");
       return {};
     }},
    {.name = "max_queue_size",
     .read = [](const Field& field, TritonConfig& config, Notes& notes) -> Status {
       const auto size = field.Integer(0, kAnyNumber);
       if (!size) return Fail(size.error());
       notes.From("max_queue", field);
       config.config.max_queue = *size == 0 ? kMostWaiting : std::min(*size, kMostWaiting);
       return {};
     }},
};

// ---- Batches

// What is read of dynamic_batching before it can be said what a priority means.
struct Batching {
  TritonConfig& config;
  std::int64_t levels = 0;
  std::int64_t default_level = 0;
};

// Of any number of levels, 1 the highest, ours are the upper half, the middle and the lower half.
Priority PriorityOf(std::int64_t level, std::int64_t levels) {
  const std::int64_t above = level - 1;
  const std::int64_t below = levels - level;
  return above < below ? Priority::kHigh : above == below ? Priority::kNormal : Priority::kLow;
}

constexpr KnownField<Batching> kBatchingFields[] = {
    {.name = "preferred_batch_size",
     .read = [](const Field& field, Batching& batching, Notes& notes) -> Status {
       const auto size = field.Integer(1, kMostRows);
       if (!size) return Fail(size.error());
       notes.From("preferred_batch_sizes", field);
       batching.config.config.preferred_batch_sizes.push_back(*size);
       return {};
     },
     .repeated = true},
    {.name = "max_queue_delay_microseconds",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           notes.From("batch_timeout_ms", field);
           return Keep(Milliseconds(field, kMostWaitMs, notes),
                       batching.config.config.batch_timeout_ms);
         }},
    {.name = "preserve_ordering",
     .read = [](const Field& field, Batching&, Notes& notes) -> Status {
       const auto set = field.Boolean();
       if (!set) return Fail(set.error());
       if (*set) notes.Warn(field, "has no effect: answers come as they are ready");
       return {};
     }},
    {.name = "priority_levels",
     .read = [](const Field& field, Batching& batching,
                Notes&) { return Keep(field.Integer(0, kAnyNumber), batching.levels); }},
    {.name = "default_priority_level",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           notes.From("priority", field);
           return Keep(field.Integer(0, kAnyNumber), batching.default_level);
         }},
    {.name = "default_queue_policy",
     .read =
         [](const Field& field, Batching& batching, Notes& notes) {
           if (auto message = field.Message(); !message) return message;
           return ReadMessage<TritonConfig>(field.fields, kQueueFields, batching.config, notes);
         }},
    {.name = "priority_queue_policy",
     .unserved = "has no effect: all priorities have the one queue policy",
     .repeated = true},
};

// ---- Instances

struct Group {
  std::int64_t count = 1;
};

Status ReadKind(const Field& field, Group&, Notes& notes) {
  constexpr std::array<std::string_view, 8> kNames = {
      "KIND_AUTO", "KIND_GPU", "KIND_CPU", "KIND_MODEL", "0", "1", "2", "3"};
  const auto kind = field.Word();
  if (!kind) return Fail(kind.error());
  if (std::ranges::find(kNames, *kind) == kNames.end())
    return field.Refuse("one of KIND_AUTO, KIND_GPU, KIND_CPU and KIND_MODEL");
  if (*kind == "KIND_GPU" || *kind == "1") notes.Warn(field, "counts as KIND_CPU");
  return {};
}

constexpr KnownField<Group> kGroupFields[] = {
    {.name = "name"},
    {.name = "kind", .read = ReadKind},
    {.name = "count",
     .read = [](const Field& field, Group& group,
                Notes&) { return Keep(field.Integer(0, kMostInstances), group.count); }},
    {.name = "gpus", .unserved = "has no effect: models run on the CPU", .repeated = true},
    {.name = "rate_limiter", .unserved = "has no effect"},
    {.name = "secondary_devices", .unserved = "has no effect", .repeated = true},
    {.name = "profile", .unserved = "has no effect: it is for TensorRT", .repeated = true},
    {.name = "passive", .unserved = "has no effect: instances come and go by themselves"},
    {.name = "host_policy", .unserved = "has no effect"},
};

}  // namespace

Status ReadTritonBatching(const Field& field, TritonConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  Batching batching{config};
  config.config.preferred_batch_sizes.clear();
  if (auto read = ReadMessage<Batching>(field.fields, kBatchingFields, batching, notes); !read)
    return read;
  auto& sizes = config.config.preferred_batch_sizes;
  std::ranges::sort(sizes);
  const auto repeated = std::ranges::unique(sizes);
  sizes.erase(repeated.begin(), repeated.end());
  if (batching.levels > 0) {
    if (batching.default_level < 1 || batching.default_level > batching.levels) {
      return Fail(Code::kInvalidArgument,
                  text_proto::At(field.at,
                                 "'default_priority_level' must be from 1 to "
                                 "'priority_levels'"));
    }
    config.config.priority = PriorityOf(batching.default_level, batching.levels);
  }
  return {};
}

Status ReadTritonInstances(const Field& field, TritonConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  Group group;
  if (auto read = ReadMessage<Group>(field.fields, kGroupFields, group, notes); !read) return read;
  InstanceLimits& limits = config.config.instances;
  limits.max = std::min(limits.max + std::max<std::int64_t>(group.count, 1), kMostInstances);
  limits.min = limits.max;
  notes.From("instances", field);
  return {};
}

}  // namespace plinth
