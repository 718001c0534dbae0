#include "repository/foreign/triton_sequences.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "repository/foreign/message_reader.h"

namespace plinth {
namespace {

using text_proto::Field;

// The types of the values are read by the model's own side.
constexpr KnownField<SequenceControl> kControlFields[] = {
    {.name = "kind",
     .read = [](const Field& field, SequenceControl& control, Notes&) -> Status {
       const auto kind = field.Word();
       if (!kind) return Fail(kind.error());
       auto found = std::ranges::find(kSequenceControls, *kind);
       if (found == kSequenceControls.end()) {
         const auto number = field.Integer(0, std::ssize(kSequenceControls) - 1);
         if (!number) return field.Refuse("a kind such as CONTROL_SEQUENCE_START");
         found = kSequenceControls.begin() + *number;
       }
       control.kind = static_cast<int>(found - kSequenceControls.begin());
       return {};
     }},
    {.name = "int32_false_true", .repeated = true},
    {.name = "fp32_false_true", .repeated = true},
    {.name = "bool_false_true", .repeated = true},
    {.name = "data_type"},
};

struct ControlInput {
  std::string name;
  std::vector<SequenceControl> controls;
};

constexpr KnownField<ControlInput> kInputFields[] = {
    {.name = "name",
     .read = [](const Field& field, ControlInput& input, Notes&) -> Status {
       return Keep(field.Text(), input.name);
     }},
    {.name = "control",
     .read = [](const Field& field, ControlInput& input, Notes& notes) -> Status {
       if (auto message = field.Message(); !message) return message;
       return ReadMessage<SequenceControl>(field.fields, kControlFields,
                                           input.controls.emplace_back(), notes);
     },
     .repeated = true},
};

constexpr KnownField<SequenceBatching> kFields[] = {
    {.name = "max_sequence_idle_microseconds",
     .read = [](const Field& field, SequenceBatching& sequences, Notes&) -> Status {
       std::int64_t idle = 0;
       if (auto kept = Keep(field.Integer(0, INT64_MAX), idle); !kept) return kept;
       if (idle > 0) sequences.max_idle_us = static_cast<std::uint64_t>(idle);
       return {};
     }},
    {.name = "control_input",
     .read = [](const Field& field, SequenceBatching& sequences, Notes& notes) -> Status {
       if (auto message = field.Message(); !message) return message;
       ControlInput input;
       if (auto read = ReadMessage<ControlInput>(field.fields, kInputFields, input, notes); !read)
         return read;
       if (input.name.empty()) return field.Refuse("a control input with a name");
       for (SequenceControl& control : input.controls) {
         control.input = input.name;
         sequences.controls.push_back(std::move(control));
       }
       return {};
     },
     .repeated = true},
    {.name = "state",
     .unserved = "has no effect: a Python model keeps the state of its sequences itself",
     .repeated = true},
    // Requests run one after the other: there are no slots to be shared out.
    {.name = "direct"},
    {.name = "oldest"},
    {.name = "iterative_sequence",
     .unserved =
         "has no effect: a request is given to the model once; a decoupled model can answer "
         "it many times"},
};

}  // namespace

Status ReadTritonSequences(const Field& field, TritonConfig& config, Notes& notes) {
  if (config.backend != "python") {
    notes.Warn(field, "has no effect: only Python models are told of sequences");
    return {};
  }
  if (auto message = field.Message(); !message) return message;
  return ReadMessage<SequenceBatching>(field.fields, kFields,
                                       config.description.sequences.emplace(), notes);
}

}  // namespace plinth
