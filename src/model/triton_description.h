// What a config.pbtxt says of a model that nothing here depends on, kept for Triton's clients, who
// may ask for it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plinth {

// A step of an ensemble: the model's tensors, and what they are called in the ensemble.
struct EnsembleStep {
  std::string model;
  std::int64_t version = -1;  // -1: the one that answers
  std::vector<std::pair<std::string, std::string>> inputs;
  std::vector<std::pair<std::string, std::string>> outputs;
};

// Triton's ModelSequenceBatching.Control.Kind, by number.
inline constexpr std::array<std::string_view, 4> kSequenceControls = {
    "CONTROL_SEQUENCE_START", "CONTROL_SEQUENCE_READY", "CONTROL_SEQUENCE_END",
    "CONTROL_SEQUENCE_CORRID"};

// What a stateful model is told of the sequence that a request belongs to, beside its inputs.
struct SequenceControl {
  std::string input;
  int kind = 0;
};

struct SequenceBatching {
  std::uint64_t max_idle_us = 1'000'000;
  std::vector<SequenceControl> controls;
};

struct TritonDescription {
  std::map<std::string, std::string> parameters;
  std::vector<EnsembleStep> ensemble;         // empty: it is none
  std::optional<SequenceBatching> sequences;  // of stateful models
};

}  // namespace plinth
