#include "repository/foreign/triton_tensors.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "repository/foreign/message_reader.h"

namespace plinth {
namespace {

using text_proto::Field;

constexpr std::int64_t kMaxRows = 65'536;
constexpr std::int64_t kMaxRuns = 10'000;
constexpr std::string_view kForTensorRt = "has no effect: it is for TensorRT";

Result<DType> ReadType(const Field& field) {
  auto word = field.Word();
  if (!word) return Fail(std::move(word.error()));
  std::string_view name = *word;
  if (name == "TYPE_STRING") return DType::kBytes;
  if (name.starts_with("TYPE_")) {
    name.remove_prefix(5);
    const auto type = DTypeFromName(name);
    if (type && *type != DType::kBytes) return *type;
  }
  return field.Refuse("a type such as TYPE_FP32, TYPE_INT64 or TYPE_STRING");
}

Status AddDim(const Field& field, std::int64_t least, std::vector<std::int64_t>& dims) {
  if (dims.size() == Shape::kMaxRank)
    return field.Refuse("at most " + std::to_string(Shape::kMaxRank) + " dimensions");
  const auto dim = field.Integer(least, std::numeric_limits<std::int64_t>::max());
  if (!dim) return Fail(dim.error());
  dims.push_back(*dim);
  return {};
}

using Dims = std::vector<std::int64_t>;

constexpr KnownField<Dims> kReshapeFields[] = {
    {.name = "shape",
     .read = [](const Field& field, Dims& dims, Notes&) { return AddDim(field, -1, dims); },
     .repeated = true},
};

Status ReadReshape(const Field& field, TritonTensor& tensor, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  return ReadMessage<Dims>(field.fields, kReshapeFields, tensor.reshape.emplace(), notes);
}

Status WarnIfSet(const Field& field, Notes& notes, std::string_view why) {
  const auto set = field.Boolean();
  if (!set) return Fail(set.error());
  if (*set) notes.Warn(field, why);
  return {};
}

constexpr KnownField<TritonTensor> kName = {
    .name = "name", .read = [](const Field& field, TritonTensor& tensor, Notes&) {
      return Keep(field.Text(), tensor.name);
    }};
constexpr KnownField<TritonTensor> kDataType = {
    .name = "data_type", .read = [](const Field& field, TritonTensor& tensor, Notes&) {
      return Keep(ReadType(field), tensor.dtype);
    }};
constexpr KnownField<TritonTensor> kDims = {
    .name = "dims",
    .read = [](const Field& field, TritonTensor& tensor,
               Notes&) { return AddDim(field, -1, tensor.dims); },
    .repeated = true};
constexpr KnownField<TritonTensor> kReshape = {.name = "reshape", .read = ReadReshape};
constexpr KnownField<TritonTensor> kIsShape = {
    .name = "is_shape_tensor", .read = [](const Field& field, TritonTensor&, Notes& notes) {
      return WarnIfSet(field, notes, kForTensorRt);
    }};
constexpr KnownField<TritonTensor> kNonLinear = {
    .name = "is_non_linear_format_io", .read = [](const Field& field, TritonTensor&, Notes& notes) {
      return WarnIfSet(field, notes, kForTensorRt);
    }};

constexpr KnownField<TritonTensor> kInputFields[] = {
    kName,
    kDataType,
    kDims,
    kReshape,
    kIsShape,
    kNonLinear,
    {.name = "format"},  // says how an image lies in memory; changes nothing
    {.name = "optional",
     .read = [](const Field& field, TritonTensor& tensor,
                Notes&) { return Keep(field.Boolean(), tensor.optional); }},
    {.name = "allow_ragged_batch",
     .read =
         [](const Field& field, TritonTensor&, Notes& notes) {
           return WarnIfSet(field, notes, "has no effect: requests of different shapes run apart");
         }},
};
constexpr KnownField<TritonTensor> kOutputFields[] = {
    kName,
    kDataType,
    kDims,
    kReshape,
    kIsShape,
    kNonLinear,
    {.name = "label_filename",
     .read =
         [](const Field& field, TritonTensor& tensor, Notes& notes) {
           notes.From("class_labels", field);
           return Keep(field.Text(), tensor.label_file);
         }},
};

Status ReadTensor(const Field& field, std::span<const KnownField<TritonTensor>> known,
                  std::vector<TritonTensor>& tensors, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  TritonTensor tensor;
  if (auto read = ReadMessage<TritonTensor>(field.fields, known, tensor, notes); !read) return read;
  if (tensor.name.empty()) return field.Refuse("a message with a name");
  if (std::ranges::find(tensors, tensor.name, &TritonTensor::name) != tensors.end())
    return field.Refuse("the name '" + tensor.name + "' once only");
  notes.From(field.name + "s", field);
  tensors.push_back(std::move(tensor));
  return {};
}

// ---- Warm-up

constexpr KnownField<WarmupInput> kWarmupInputFields[] = {
    {.name = "data_type",
     .read = [](const Field& field, WarmupInput& input,
                Notes&) { return Keep(ReadType(field), input.dtype); }},
    {.name = "dims",
     .read = [](const Field& field, WarmupInput& input,
                Notes&) { return AddDim(field, 0, input.shape); },
     .repeated = true},
    {.name = "zero_data",
     .read =
         [](const Field&, WarmupInput& input, Notes&) {
           input.data = WarmupInput::Data::kZeros;
           return Status{};
         }},
    {.name = "random_data",
     .read =
         [](const Field&, WarmupInput& input, Notes&) {
           input.data = WarmupInput::Data::kRandom;
           return Status{};
         }},
    {.name = "input_data_file",
     .read =
         [](const Field& field, WarmupInput& input, Notes&) {
           input.data = WarmupInput::Data::kFile;
           return Keep(field.Text(), input.file);
         }},
};

Status ReadWarmupInput(const Field& field, WarmupRequest& request, Notes& notes) {
  const auto entry = ReadMapEntry(field);
  if (!entry) return Fail(entry.error());
  WarmupInput input;
  if (auto read = Keep(entry->key->Text(), input.name); !read) return read;
  if (auto message = entry->value->Message(); !message) return message;
  auto read = ReadMessage<WarmupInput>(entry->value->fields, kWarmupInputFields, input, notes);
  if (read) request.inputs.push_back(std::move(input));
  return read;
}

constexpr KnownField<WarmupRequest> kWarmupFields[] = {
    {.name = "name",
     .read = [](const Field& field, WarmupRequest& request,
                Notes&) { return Keep(field.Text(), request.name); }},
    {.name = "batch_size",
     .read = [](const Field& field, WarmupRequest& request,
                Notes&) { return Keep(field.Integer(1, kMaxRows), request.rows); }},
    {.name = "count",
     .read = [](const Field& field, WarmupRequest& request,
                Notes&) { return Keep(field.Integer(0, kMaxRuns), request.count); }},
    {.name = "inputs", .read = ReadWarmupInput, .repeated = true},
};

}  // namespace

Status ReadTritonInput(const Field& field, TritonConfig& config, Notes& notes) {
  return ReadTensor(field, kInputFields, config.inputs, notes);
}

Status ReadTritonOutput(const Field& field, TritonConfig& config, Notes& notes) {
  return ReadTensor(field, kOutputFields, config.outputs, notes);
}

Status ReadTritonWarmup(const Field& field, TritonConfig& config, Notes& notes) {
  if (auto message = field.Message(); !message) return message;
  WarmupRequest request;
  auto read = ReadMessage<WarmupRequest>(field.fields, kWarmupFields, request, notes);
  if (!read) return read;
  request.rows = std::max<std::int64_t>(request.rows, 1);
  request.count = std::max<std::int64_t>(request.count, 1);
  notes.From("warmup", field);
  config.warmup.push_back(std::move(request));
  return {};
}

std::vector<std::int64_t> ShapeOf(const TritonTensor& tensor, bool batched) {
  std::vector<std::int64_t> shape = tensor.reshape.value_or(tensor.dims);
  if (batched) shape.insert(shape.begin(), -1);
  return shape;
}

}  // namespace plinth
