#include "outputs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "inputs.h"

namespace plinth::sklearn {
namespace {

using Kind = Answer::Kind;

double** PlaceOf(Outputs& out, Kind kind) {
  switch (kind) {
    case Kind::kProbabilities:
    case Kind::kLogProbabilities:
      return &out.probabilities;
    case Kind::kDecision:
      return &out.decision;
    case Kind::kScores:
      return &out.scores;
    default:
      return &out.values;
  }
}

// Labels stand target by target within a row, each an index into its target's classes.
const Classes& ClassesOf(const Traits& traits, std::size_t i) {
  return traits.targets.empty() ? traits.classes : traits.targets[i % traits.targets.size()];
}

// A tensor of `count` strings, of which text(i) is one.
template <typename Text>
OutputBlock WriteTexts(std::size_t count, Text text, plinth_tensor& tensor) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) length += text(i).size();
  const std::size_t offsets_size = (count + 1) * sizeof(std::uint64_t);
  OutputBlock block(offsets_size + length);
  auto* offsets = block.data<std::uint64_t>();
  char* to = block.data<char>() + offsets_size;
  tensor.data = to;
  tensor.byte_size = length;
  tensor.offsets = offsets;
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view value = text(i);
    offsets[i] = at;
    std::ranges::copy(value, to + at);
    at += value.size();
  }
  offsets[count] = at;
  return block;
}

}  // namespace

std::size_t BytesFor(std::size_t n, std::size_t width) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 32;
  if (width != 0 && n > kMost / width) throw std::bad_alloc();
  return n * width * sizeof(double);
}

plinth_dtype TypeOf(const Answer& answer, const Traits& traits) {
  if (answer.kind == Kind::kTransformedText) return PLINTH_BYTES;
  if (answer.kind != Kind::kLabel) return PLINTH_FP64;
  switch (ClassesOf(traits, 0).type) {
    case Classes::Type::kInts:
      return PLINTH_INT64;
    case Classes::Type::kFloats:
      return PLINTH_FP64;
    case Classes::Type::kStrings:
      return PLINTH_BYTES;
  }
  return PLINTH_INT64;
}

OutputWriter::OutputWriter(const Model& model, std::span<const std::uint32_t> wanted, std::size_t n,
                           Scratch::Frame& frame)
    : model_(model), wanted_(wanted), n_(n), blocks_(wanted.size()) {
  const Traits& traits = model.traits();
  if (traits.GivesText()) return;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Answer& answer = AnswerOf(i);
    if (answer.kind == Kind::kLabel) {
      outputs_.labels = frame.Take<std::int32_t>(n * answer.width);
      continue;
    }
    const bool transforms_too =
        answer.kind == Kind::kTransformed && traits.role != Role::kTransformer;
    outputs_.logarithms |= answer.kind == Kind::kLogProbabilities && traits.logarithms;
    double** place = transforms_too ? &outputs_.transformed : PlaceOf(outputs_, answer.kind);
    const bool part = place == &outputs_.probabilities && answer.width < traits.ProbabilityWidth();
    if (part) {
      if (*place == nullptr) *place = frame.Take<double>(n * traits.ProbabilityWidth());
      continue;
    }
    blocks_[i] = std::make_unique<OutputBlock>(BytesFor(n, answer.width));
    *place = blocks_[i]->data<double>();
  }
}

OutputWriter::Made OutputWriter::Labels(const Answer& answer) const {
  const Traits& traits = model_.traits();
  const std::size_t count = n_ * answer.width;
  const std::int32_t* labels = outputs_.labels;
  plinth_tensor tensor = {};
  if (TypeOf(answer, traits) == PLINTH_BYTES) {
    const auto text = [&](std::size_t i) -> std::string_view {
      return ClassesOf(traits, i).strings[static_cast<std::size_t>(labels[i])];
    };
    OutputBlock block = WriteTexts(count, text, tensor);
    return {std::move(block), tensor};
  }
  OutputBlock block(BytesFor(n_, answer.width));
  for (std::size_t i = 0; i < count; ++i) {
    const Classes& classes = ClassesOf(traits, i);
    const auto label = static_cast<std::size_t>(labels[i]);
    if (classes.type == Classes::Type::kInts) {
      block.data<std::int64_t>()[i] = classes.ints[label];
    } else {
      block.data<double>()[i] = classes.floats[label];
    }
  }
  tensor.data = block.data<void>();
  tensor.byte_size = count * sizeof(std::int64_t);
  return {std::move(block), tensor};
}

Status OutputWriter::Run(const Batch& batch, Scratch::Frame& frame) {
  if (!model_.traits().GivesText()) return model_.Run(batch, outputs_);
  const Result<Table> table = model_.RunTable(batch, frame);
  if (!table) return Fail(table.error());
  table_ = *table;
  return {};
}

OutputWriter::Made OutputWriter::Texts(const Answer& answer) const {
  const auto text = [&](std::size_t i) {
    const Column& column = table_.columns[answer.offset + i % answer.width];
    const std::string_view cell = column.text(i / answer.width);
    return IsMissing(cell) ? kMissingText : cell;
  };
  plinth_tensor tensor = {};
  OutputBlock block = WriteTexts(n_ * answer.width, text, tensor);
  return {std::move(block), tensor};
}

OutputWriter::Made OutputWriter::Numbers(std::size_t i) {
  const Answer& answer = AnswerOf(i);
  const std::size_t size = BytesFor(n_, answer.width);
  OutputBlock block = blocks_[i] ? std::move(*blocks_[i]) : OutputBlock(size);
  auto* numbers = block.data<double>();
  if (!blocks_[i] && answer.kind == Kind::kTransformed) {
    const Column& column = table_.columns[answer.offset];
    for (std::size_t j = 0; j < n_; ++j) numbers[j] = column.number(j);
  } else if (!blocks_[i]) {
    const std::size_t row = model_.traits().ProbabilityWidth();
    for (std::size_t j = 0; j < n_; ++j) {
      std::copy_n(outputs_.probabilities + j * row + answer.offset, answer.width,
                  numbers + j * answer.width);
    }
  }
  if (answer.kind == Kind::kLogProbabilities && !outputs_.logarithms) {
    std::transform(numbers, numbers + n_ * answer.width, numbers,
                   [](double probability) { return std::log(probability); });
  }
  plinth_tensor tensor = {};
  tensor.data = block.data<void>();
  tensor.byte_size = size;
  return {std::move(block), tensor};
}

void OutputWriter::Finish(std::span<plinth_output> to) {
  std::vector<Made> made;
  made.reserve(to.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Answer& answer = AnswerOf(i);
    Made& output = made.emplace_back(answer.kind == Kind::kLabel             ? Labels(answer)
                                     : answer.kind == Kind::kTransformedText ? Texts(answer)
                                                                             : Numbers(i));
    output.block.shape()[0] = static_cast<std::int64_t>(n_);
    output.block.shape()[1] = static_cast<std::int64_t>(answer.width);
    output.tensor.name = answer.name.c_str();
    output.tensor.dtype = TypeOf(answer, model_.traits());
    output.tensor.rank = answer.flat ? 1 : 2;
    output.tensor.shape = output.block.shape();
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = plinth_output{made[i].tensor, made[i].block.Release(), std::free};
  }
}

}  // namespace plinth::sklearn
