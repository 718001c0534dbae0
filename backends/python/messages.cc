#include "python/messages.h"

namespace plinth::python {
namespace {

// More tensors than any model has: a bound on what a list may make us allocate.
constexpr std::uint32_t kMaxSpecs = 4096;

bool ReadSpec(FrameReader& reader, kit::Spec& spec) {
  spec.name = reader.Text();
  const auto dtype = reader.Number<std::uint8_t>();
  const auto rank = reader.Number<std::int32_t>();
  if (!reader.ok() || dtype > PLINTH_BYTES) return false;
  spec.dtype = static_cast<plinth_dtype>(dtype);
  if (rank > static_cast<std::int32_t>(PLINTH_MAX_RANK)) return false;
  if (rank >= 0) {
    auto& shape = spec.shape.emplace();
    for (std::int32_t i = 0; i < rank; ++i) {
      shape.push_back(reader.Number<std::int64_t>());
      if (shape.back() < -1) return false;
    }
  }
  spec.batch_axis = reader.Number<std::int32_t>();
  spec.optional = reader.Number<std::uint8_t>() != 0;
  return reader.ok();
}

bool ReadSpecs(FrameReader& reader, std::vector<kit::Spec>& specs) {
  const auto count = reader.Number<std::uint32_t>();
  if (!reader.ok() || count > kMaxSpecs) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!ReadSpec(reader, specs.emplace_back())) return false;
  }
  return true;
}

}  // namespace

std::unexpected<kit::Failure> Garbled() {
  return kit::Fail(PLINTH_INTERNAL, "the Python process sent something that cannot be read");
}

void WriteTensor(FrameWriter& writer, const TensorEntry& tensor) {
  writer.Number(tensor.index);
  writer.Number(static_cast<std::uint8_t>(tensor.dtype));
  writer.Number(tensor.rank);
  writer.Number(static_cast<std::uint8_t>(tensor.place));
  writer.Number(std::uint8_t{0});
  writer.Number(tensor.size);
  writer.Number(tensor.at);
  for (const std::int64_t dim : tensor.shape()) writer.Number(dim);
  if (tensor.place == Place::kInline) writer.Align(16);
}

bool ReadTensor(FrameReader& reader, TensorEntry& tensor) {
  tensor.index = reader.Number<std::uint32_t>();
  const auto dtype = reader.Number<std::uint8_t>();
  tensor.rank = reader.Number<std::uint8_t>();
  const auto place = reader.Number<std::uint8_t>();
  reader.Number<std::uint8_t>();
  tensor.size = reader.Number<std::uint64_t>();
  tensor.at = reader.Number<std::uint64_t>();
  if (!reader.ok() || dtype < PLINTH_BOOL || dtype > PLINTH_BYTES) return false;
  if (tensor.rank > PLINTH_MAX_RANK || place > static_cast<std::uint8_t>(Place::kOutput))
    return false;
  tensor.dtype = static_cast<plinth_dtype>(dtype);
  tensor.place = static_cast<Place>(place);
  for (std::uint8_t i = 0; i < tensor.rank; ++i) {
    tensor.dims[i] = reader.Number<std::int64_t>();
    if (tensor.dims[i] < 0) return false;
  }
  if (tensor.place == Place::kInline) {
    reader.Align(16);
    tensor.bytes = reader.Bytes(tensor.size);
  }
  return reader.ok();
}

void WriteNumbers(FrameWriter& writer, std::span<const std::uint64_t> numbers) {
  writer.Number(static_cast<std::uint32_t>(numbers.size()));
  for (const std::uint64_t number : numbers) writer.Number(number);
}

void WriteTexts(FrameWriter& writer,
                std::span<const std::pair<std::string, std::string>> keys_and_values) {
  writer.Number(static_cast<std::uint32_t>(2 * keys_and_values.size()));
  for (const auto& [key, value] : keys_and_values) {
    writer.Text(key);
    writer.Text(value);
  }
}

void WriteSpecs(FrameWriter& writer, std::span<const kit::Spec> specs) {
  writer.Number(static_cast<std::uint32_t>(specs.size()));
  for (const kit::Spec& spec : specs) {
    writer.Text(spec.name);
    writer.Number(static_cast<std::uint8_t>(spec.dtype));
    writer.Number(spec.shape ? static_cast<std::int32_t>(spec.shape->size())
                             : std::int32_t{PLINTH_RANK_UNKNOWN});
    if (spec.shape) {
      for (const std::int64_t dim : *spec.shape) writer.Number(dim);
    }
    writer.Number(spec.batch_axis);
    writer.Number(static_cast<std::uint8_t>(spec.optional ? 1 : 0));
  }
}

kit::Result<Loaded> ReadLoaded(FrameReader body) {
  Loaded loaded;
  if (!ReadSpecs(body, loaded.inputs) || !ReadSpecs(body, loaded.outputs)) return Garbled();
  loaded.stateful = body.Number<std::uint8_t>() != 0;
  loaded.decoupled = body.Number<std::uint8_t>() != 0;
  if (!body.ok()) return Garbled();
  return loaded;
}

kit::Failure ReadFailure(FrameReader body) {
  const auto status = body.Number<std::uint32_t>();
  std::string message(body.Text());
  const bool known = status > PLINTH_OK && status <= PLINTH_UNAVAILABLE;
  if (!body.ok() || !known) return Garbled().error();
  return {static_cast<plinth_status>(status), std::move(message)};
}

}  // namespace plinth::python
