#include "api/tfserving/results.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/tfserving/model_outputs.h"
#include "api/tfserving/signature_def.h"
#include "base/json_writer.h"

namespace plinth::api::tfserving {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::unexpected<Error> WrongMethod(std::string_view kind, std::string_view method) {
  return Invalid("Expected " + std::string(kind) + " signature method_name to be " +
                 std::string(method) + ". Was: " + std::string(kPredictMethod) +
                 " (no output of the model can be read so)");
}

// Calls `use` with the number at `i` of a tensor that is not of BYTES.
template <typename Use>
auto WithNumber(const Tensor& tensor, std::size_t i, Use use) {
  switch (tensor.dtype()) {
    case DType::kFp64:
      return use(tensor.values<double>()[i]);
    case DType::kFp16:
      return use(Fp16ToFloat(tensor.values<std::uint16_t>()[i]));
    case DType::kBf16:
      return use(Bf16ToFloat(tensor.values<std::uint16_t>()[i]));
    case DType::kInt8:
      return use(tensor.values<std::int8_t>()[i]);
    case DType::kInt16:
      return use(tensor.values<std::int16_t>()[i]);
    case DType::kInt32:
      return use(tensor.values<std::int32_t>()[i]);
    case DType::kInt64:
      return use(tensor.values<std::int64_t>()[i]);
    case DType::kBool:
    case DType::kUint8:
      return use(tensor.values<std::uint8_t>()[i]);
    case DType::kUint16:
      return use(tensor.values<std::uint16_t>()[i]);
    case DType::kUint32:
      return use(tensor.values<std::uint32_t>()[i]);
    case DType::kUint64:
      return use(tensor.values<std::uint64_t>()[i]);
    default:
      return use(tensor.values<float>()[i]);
  }
}

float FloatAt(const Tensor& tensor, std::size_t i) {
  return WithNumber(tensor, i, [](auto number) { return static_cast<float>(number); });
}

const Tensor* Find(std::span<const NamedTensor> outputs, const std::string& name) {
  const auto it = std::ranges::find(outputs, name, &NamedTensor::name);
  return it == outputs.end() ? nullptr : &it->tensor;
}

const Tensor* Find(const Signature& signature, std::span<const NamedTensor> outputs,
                   std::optional<std::size_t> index) {
  return index ? Find(outputs, signature.outputs[*index].name) : nullptr;
}

// How many values the output has for each example: its shape is [examples] or [examples, n].
Result<std::size_t> WidthOf(const Tensor& tensor, std::int64_t examples) {
  const Shape& shape = tensor.shape();
  if (shape.rank() < 1 || shape.rank() > 2) {
    return Invalid("Expected Tensor shape: [batch_size num_classes] but got " + shape.ToString());
  }
  if (shape[0] != examples) {
    return Invalid("Expected output batch size of " + std::to_string(examples) +
                   ". Got: " + std::to_string(shape[0]));
  }
  return shape.rank() == 2 ? static_cast<std::size_t>(shape[1]) : 1;
}

}  // namespace

Result<std::vector<std::string>> OutputsToClassify(const Signature& signature) {
  const auto found = ClassOutputsOf(signature);
  if (!found) return WrongMethod("classification", kClassifyMethod);
  std::vector<std::string> names;
  for (const auto index : {found->classes, found->scores}) {
    if (index) names.push_back(signature.outputs[*index].name);
  }
  return names;
}

Result<std::vector<std::string>> OutputsToRegress(const Signature& signature) {
  const auto index = RegressionOutputOf(signature);
  if (!index) return WrongMethod("regression", kRegressMethod);
  return std::vector{signature.outputs[*index].name};
}

Result<Classification> Classification::Of(const Signature& signature, const ClassLabels& names,
                                          std::span<const NamedTensor> outputs,
                                          std::int64_t examples) {
  const auto found = ClassOutputsOf(signature);
  if (!found) return WrongMethod("classification", kClassifyMethod);
  Classification result;
  result.examples_ = static_cast<std::size_t>(examples);
  std::size_t labels = 0;
  if (const Tensor* const tensor = Find(signature, outputs, found->classes)) {
    const auto width = WidthOf(*tensor, examples);
    if (!width) return Fail(width.error());
    labels = *width;
    result.has_labels_ = true;
    result.labels_ = *tensor;
  }
  if (const Tensor* const tensor = Find(signature, outputs, found->scores)) {
    const auto width = WidthOf(*tensor, examples);
    if (!width) return Fail(width.error());
    result.scores_of_each_ = *width;
    result.has_scores_ = true;
    result.scores_ = *tensor;
    result.names_ = names;
    result.labels_of_scores_ = result.names_.Of(signature.outputs[*found->scores].name);
    if (!result.labels_of_scores_.empty()) result.has_labels_ = false;
  }
  result.classes_ = result.has_labels_ ? labels : result.scores_of_each_;
  const bool chosen = labels == 1;
  if (result.has_labels_ && result.has_scores_ && labels != result.scores_of_each_ && !chosen) {
    return Invalid("Tensors class and score should match in dim_size(1). Got " +
                   std::to_string(labels) + " vs. " + std::to_string(result.scores_of_each_));
  }
  return result;
}

std::string Classification::LabelOf(std::size_t example, std::size_t index) const {
  if (!has_labels_)
    return index < labels_of_scores_.size() ? labels_of_scores_[index] : std::string();
  const std::size_t at = example * classes_ + index;
  if (labels_.dtype() == DType::kBytes) return std::string(labels_.string_at(at));
  return WithNumber(labels_, at, [](auto number) { return std::to_string(number); });
}

float Classification::ScoreOf(std::size_t example, std::size_t index) const {
  if (!has_scores_ || scores_of_each_ == 0) return 0;
  const std::size_t begin = example * scores_of_each_;
  if (scores_of_each_ == classes_) return FloatAt(scores_, begin + index);
  float largest = FloatAt(scores_, begin);
  for (std::size_t i = 1; i < scores_of_each_; ++i)
    largest = std::max(largest, FloatAt(scores_, begin + i));
  return largest;
}

Result<std::vector<float>> RegressionOf(const Signature& signature,
                                        std::span<const NamedTensor> outputs,
                                        std::int64_t examples) {
  const Tensor* const tensor = Find(signature, outputs, RegressionOutputOf(signature));
  if (tensor == nullptr) return WrongMethod("regression", kRegressMethod);
  const Shape& shape = tensor->shape();
  if (shape.rank() != 1 && (shape.rank() != 2 || shape[1] != 1)) {
    return Invalid(
        "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got " +
        shape.ToString());
  }
  if (shape[0] != examples) {
    return Invalid("Input batch size did not match output batch size: " + std::to_string(examples) +
                   " vs. " + std::to_string(shape[0]));
  }
  std::vector<float> values(static_cast<std::size_t>(examples));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = FloatAt(*tensor, i);
  return values;
}

std::string EncodeClassification(const Classification& classification) {
  JsonWriter json(32 + classification.examples() * classification.classes() * 24,
                  FloatStyle::kMarked);
  json.BeginObject();
  json.Key("results").BeginArray();
  for (std::size_t example = 0; example < classification.examples(); ++example) {
    json.BeginArray();
    for (std::size_t index = 0; index < classification.classes(); ++index) {
      json.BeginArray();
      json.Value(classification.LabelOf(example, index));
      json.Value(classification.ScoreOf(example, index));
      json.EndArray();
    }
    json.EndArray();
  }
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

std::string EncodeRegression(std::span<const float> values) {
  JsonWriter json(32 + values.size() * 12, FloatStyle::kMarked);
  json.BeginObject();
  json.Key("results").BeginArray();
  json.Elements(values);
  json.EndArray();
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::tfserving
