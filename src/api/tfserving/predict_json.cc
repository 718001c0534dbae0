#include "api/tfserving/predict_json.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <simdjson.h>

#include "api/json/body_document.h"
#include "api/json/row_reader.h"
#include "api/json/tensor_reader.h"
#include "api/json/tensor_writer.h"
#include "api/tfserving/json_refusal.h"
#include "api/tfserving/rank_fit.h"
#include "base/json_writer.h"

namespace plinth::api::tfserving {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;
using Form = TensorReader::Form;

constexpr ElementRules kRules = ElementRules::kTfServing;

constexpr const char* kPlainRows =
    "instances is a plain list, but expecting list of objects as multiple input tensors required "
    "as per tensorinfo_map";
constexpr const char* kPlainColumns =
    "inputs is a plain value/list, but expecting an object as multiple input tensors required as "
    "per tensorinfo_map";

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// One body.
class Decoder {
 public:
  Decoder(const JsonBody& body, const Signature& signature, const SignatureCheck& has_signature)
      : body_(body), signature_(signature), has_signature_(has_signature) {}

  Result<PredictJson> Decode();

 private:
  Status ReadMember(std::string_view key, ondemand::value value);
  Status ReadSignatureName(ondemand::value value);
  Status ReadInstances(ondemand::value value);
  Status ReadRow(ondemand::value value, RowReader& rows, const TensorSpec* sole);
  Status ReadInputs(ondemand::value value);
  Status CheckComplete() const;
  Status ReadTensor(const TensorSpec& spec, Form form, ondemand::value value);

  std::unexpected<Error> Malformed(simdjson::error_code code) const {
    return Fail(body_.Malformed(code));
  }
  bool IsBase64(ondemand::value value) const {
    return body_.IsBase64(value.raw_json_token().data()) && signature_.FindInput("b64") == nullptr;
  }
  // Whether it is an object that is not the bytes of one element.
  Result<bool> IsNamed(ondemand::value value) const {
    json_type type = json_type::null;
    // A token that begins no value is for the reader of tensors to refuse, or to take: NaN.
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    return type == json_type::object && !IsBase64(value);
  }

  const JsonBody& body_;
  const Signature& signature_;
  const SignatureCheck& has_signature_;
  std::optional<JsonFormat> format_;
  std::vector<NamedTensor> inputs_;
};

Result<PredictJson> Decoder::Decode() {
  ondemand::object object;
  if (const auto failed = body_.document.get_object().get(object)) return Malformed(failed);
  auto read = body_.ForEachMember(object, [this](std::string_view key, ondemand::value value) {
    return ReadMember(key, value);
  });
  if (!read) return Fail(std::move(read.error()));
  if (!body_.AtEnd()) return Invalid("the body goes on behind the JSON object");
  if (!format_) return Invalid("Missing 'inputs' or 'instances' key");
  return PredictJson{std::move(inputs_), *format_};
}

Status Decoder::ReadMember(std::string_view key, ondemand::value value) {
  if (key == "signature_name") return ReadSignatureName(value);
  const bool rows = key == "instances";
  if (!rows && key != "inputs") return {};
  if (format_) return Invalid("give one of 'inputs' and 'instances', once");
  format_ = rows ? JsonFormat::kRows : JsonFormat::kColumns;
  return rows ? ReadInstances(value) : ReadInputs(value);
}

Status Decoder::ReadSignatureName(ondemand::value value) {
  std::string_view name;
  if (value.get_string().get(name) != simdjson::SUCCESS)
    return Invalid("'signature_name' key must be a string value.");
  return has_signature_(name) ? Status() : Fail(NoSuchSignature(name));
}

Status Decoder::ReadInstances(ondemand::value value) {
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS)
    return Invalid("Excepting 'instances' to be an list/array");
  RowReader rows(signature_, body_, kRules);
  const TensorSpec* sole = nullptr;
  for (auto element : array) {
    ondemand::value row;
    if (const auto failed = element.get(row)) return Malformed(failed);
    const auto named = IsNamed(row);
    if (!named) return Fail(named.error());
    if (rows.count() == 0 && !*named) {
      sole = signature_.FindSoleInput();
      if (sole == nullptr) return Invalid(kPlainRows);
    }
    if (*named == (sole != nullptr)) return Invalid("'instances' mixes objects and values");
    if (auto read = ReadRow(row, rows, sole); !read) return read;
  }
  if (rows.count() == 0) return Invalid("No values in 'instances' array");
  if (auto finished = rows.Finish(inputs_); !finished) return finished;
  return CheckComplete();
}

// A row is the value of the `sole` input, or without one an object by input name.
Status Decoder::ReadRow(ondemand::value value, RowReader& rows, const TensorSpec* sole) {
  if (sole != nullptr) {
    if (auto read = rows.Read(sole->name, value); !read) return read;
    return rows.EndRow();
  }
  ondemand::object object;
  if (const auto failed = value.get_object().get(object)) return Malformed(failed);
  auto read = body_.ForEachMember(object, [&](std::string_view name, ondemand::value member) {
    return rows.Read(name, member);
  });
  return read ? rows.EndRow() : read;
}

Status Decoder::ReadInputs(ondemand::value value) {
  const auto named = IsNamed(value);
  if (!named) return Fail(named.error());
  if (!*named) {
    const TensorSpec* const sole = signature_.FindSoleInput();
    if (sole == nullptr) return Invalid(kPlainColumns);
    return ReadTensor(*sole, Form::kSole, value);
  }
  ondemand::object object;
  if (const auto failed = value.get_object().get(object)) return Malformed(failed);
  auto read = body_.ForEachMember(object, [this](std::string_view name, ondemand::value member) {
    const TensorSpec* const spec = FindSpec(signature_.FormOf(name), name);
    return spec == nullptr ? Status() : ReadTensor(*spec, Form::kByName, member);
  });
  return read ? CheckComplete() : read;
}

Status Decoder::CheckComplete() const {
  const std::span<const TensorSpec> specs =
      inputs_.empty() ? signature_.inputs : signature_.FormOf(inputs_[0].name);
  for (const TensorSpec& spec : specs) {
    const bool given = std::ranges::find(inputs_, spec.name, &NamedTensor::name) != inputs_.end();
    if (!given && !spec.optional)
      return Invalid("Missing named input: " + spec.name + " in 'inputs' object.");
  }
  return {};
}

Status Decoder::ReadTensor(const TensorSpec& spec, Form form, ondemand::value value) {
  auto tensor = TensorReader(spec, body_, form, kRules).Read(value);
  if (!tensor) return Fail(std::move(tensor.error()));
  inputs_.push_back({spec.name, *std::move(tensor)});
  return {};
}

BytesStyle StyleOf(const NamedTensor& output) {
  return output.name.ends_with("_bytes") ? BytesStyle::kBase64 : BytesStyle::kText;
}

void WriteColumns(JsonWriter& json, std::span<const NamedTensor> outputs) {
  json.Key("outputs");
  if (outputs.size() == 1) return WriteTensor(json, outputs[0].tensor, StyleOf(outputs[0]));
  json.BeginObject();
  for (const NamedTensor& output : outputs) {
    json.Key(output.name);
    WriteTensor(json, output.tensor, StyleOf(output));
  }
  json.EndObject();
}

// How many rows all of the outputs have.
Result<std::int64_t> RowsOf(std::span<const NamedTensor> outputs) {
  std::optional<std::int64_t> rows;
  for (const auto& [name, tensor] : outputs) {
    if (tensor.shape().rank() == 0)
      return Invalid("Tensor name: " + name + " has no shape information ");
    const std::int64_t own = tensor.shape()[0];
    if (rows && *rows != own) {
      return Invalid("Tensor name: " + name + " has inconsistent batch size: " +
                     std::to_string(own) + " expecting: " + std::to_string(*rows));
    }
    rows = own;
  }
  // Rows without elements take no memory, but text.
  constexpr std::int64_t kMostEmptyRows = 65'536;
  const bool empty = std::ranges::any_of(
      outputs, [](const NamedTensor& output) { return output.tensor.element_count() == 0; });
  return empty && rows > kMostEmptyRows ? 0 : rows.value_or(0);
}

Status WriteRows(JsonWriter& json, std::span<const NamedTensor> outputs) {
  const auto rows = RowsOf(outputs);
  if (!rows) return Fail(rows.error());
  json.Key("predictions");
  if (outputs.size() == 1) {
    WriteTensor(json, outputs[0].tensor, StyleOf(outputs[0]));
    return {};
  }
  json.BeginArray();
  for (std::int64_t row = 0; row < *rows; ++row) {
    json.BeginObject();
    for (const NamedTensor& output : outputs) {
      json.Key(output.name);
      WriteRow(json, output.tensor, row, StyleOf(output));
    }
    json.EndObject();
  }
  json.EndArray();
  return {};
}

}  // namespace

Result<PredictJson> DecodePredictJson(const Buffer& body, const Signature& signature,
                                      const SignatureCheck& has_signature) {
  if (body.empty()) return Invalid("JSON Parse error: The document is empty");
  auto decoded = [&]() -> Result<PredictJson> {
    auto document = BodyDocument::Parse(body);
    if (!document) return Fail(std::move(document.error()));
    const JsonBody json = document->body();
    const auto relaxed = WithoutShapes(signature);
    return Decoder(json, relaxed ? *relaxed : signature, has_signature).Decode();
  }();
  if (decoded || decoded.error().code != Code::kInvalidArgument) return decoded;
  const std::string_view text(body.As<char>(), body.size());
  if (auto refusal = ExplainPredictRefusal(text, signature, has_signature))
    return Fail(*std::move(refusal));
  return decoded;
}

Result<std::string> EncodePredictJson(std::span<const NamedTensor> outputs, JsonFormat format) {
  std::size_t expected = 32;
  for (const NamedTensor& output : outputs)
    expected += output.name.size() + 8 + TextSizeOf(output.tensor);
  JsonWriter json(expected, FloatStyle::kMarked);
  json.BeginObject();
  if (format == JsonFormat::kColumns) {
    WriteColumns(json, outputs);
  } else if (auto written = WriteRows(json, outputs); !written) {
    return Fail(std::move(written.error()));
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api::tfserving
