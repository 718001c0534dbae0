#include "api/native/predict_decoder.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <simdjson.h>

#include "api/http/names.h"
#include "api/json/body_document.h"
#include "api/json/json_copy.h"
#include "api/json/row_reader.h"
#include "api/json/tensor_reader.h"
#include "base/nearest.h"
#include "model/signature_text.h"
#include "serving/input_check.h"

namespace plinth::api {
namespace {

namespace ondemand = simdjson::ondemand;
using ondemand::json_type;
using Form = TensorReader::Form;

constexpr std::string_view kKeys[] = {"inputs",     "version", "outputs",   "priority",
                                      "timeout_ms", "trace",   "parameters"};

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

bool SameInputs(const Signature& a, const Signature& b) {
  return std::ranges::equal(a.inputs, b.inputs,
                            [](const TensorSpec& x, const TensorSpec& y) {
                              return x.name == y.name && x.dtype == y.dtype && x.shape == y.shape &&
                                     x.batch_axis == y.batch_axis && x.optional == y.optional &&
                                     x.nullable == y.nullable && x.fitted == y.fitted;
                            }) &&
         a.columns == b.columns;
}

std::unexpected<Error> SeveralInputs(const Signature& signature) {
  return Invalid(
      "the model has " + std::to_string(signature.inputs.size()) + " inputs (" +
      NamesOf(signature.inputs) + "), so \"inputs\" must name them: " +
      "{\"inputs\": {\"<name>\": <value>, ...}} or a list of such objects, one for each row");
}

// How bodies of other servers begin, and where or how they are taken here.
constexpr std::pair<std::string_view, std::string_view> kForeignKeys[] = {
    {"instances", "TF Serving's form is taken at POST /v1/models/<name>:predict"},
    {"signature_name", "TF Serving's form is taken at POST /v1/models/<name>:predict"},
    {"id", "the Open Inference Protocol is spoken at POST /v2/models/<name>/infer"},
    {"dataframe_records", "give its list of objects as \"inputs\""},
    {"dataframe_split",
     "give one object for each row: {\"inputs\": [{\"<column>\": <value>, ...}]}"},
};

std::unexpected<Error> UnknownKey(std::string_view key) {
  std::string message = "key '" + std::string(key.substr(0, 100)) + "' is unknown";
  const auto foreign =
      std::ranges::find(kForeignKeys, key, [](const auto& entry) { return entry.first; });
  if (foreign != std::end(kForeignKeys)) {
    return Invalid(message.append(": ").append(foreign->second));
  }
  return Invalid(
      message + DidYouMean(key, kKeys) +
      " (known keys are inputs, version, outputs, priority, timeout_ms, trace, parameters)");
}

std::unexpected<Error> ProtocolTensor() {
  return Invalid(
      "inputs[0] looks like a tensor of the Open Inference Protocol, which is spoken at POST "
      "/v2/models/<name>/infer; here \"inputs\" is a list of rows, or an object by input name");
}

// One body. The parser's document can be read more than once, each time from its beginning.
class Decoder {
 public:
  Decoder(const JsonBody& body, VersionChoice& choice) : body_(body), choice_(choice) {}

  Result<PredictBody> Decode() {
    auto first = Pass();
    const Signature* const used = signature_;
    if (settled_) return first;
    // What decides on the version stands behind the inputs, or was not reached because they do not
    // fit the presumed version. Of a body in which they were not found there is nothing to decide.
    if (!first && !version_) FindDeciders();
    if (used == nullptr && !version_) return first;
    if (!body_.document.is_alive()) return first;
    const auto wanted = version_ ? choice_.Named(*version_) : choice_.Routed(key_);
    if (!wanted) return Fail(wanted.error());
    if (used != nullptr && SameInputs(*used, **wanted)) return first;
    signature_ = *wanted;
    settled_ = true;
    body_.document.rewind();
    return Pass();
  }

 private:
  // Reads the body; inputs by signature_ if that is settled, else by the named version's, or the
  // presumed one's.
  Result<PredictBody> Pass();
  Status ReadKey(std::string_view key, ondemand::value value, PredictBody& body);
  Status ReadVersion(ondemand::value value);
  Status ReadStickyKey(ondemand::value value);
  Status ReadOutputs(ondemand::value value, std::vector<std::string>& outputs);
  Status ReadPriority(ondemand::value value, std::optional<Priority>& to);
  Status ReadTimeout(ondemand::value value, std::optional<std::chrono::milliseconds>& to);
  Status ReadParameters(ondemand::value value, std::string& to);
  Status ReadInputs(ondemand::value value, std::vector<NamedTensor>& inputs);
  Status ReadSole(ondemand::value value, std::vector<NamedTensor>& inputs);
  Status ReadByName(ondemand::value value, std::vector<NamedTensor>& inputs);
  Status ReadRows(ondemand::value value, std::vector<NamedTensor>& inputs);

  bool IsSticky(std::string_view key) const {
    return !key.empty() && key == choice_.sticky_field();
  }
  void FindDeciders();
  // Whether a row has a member that the model does not know, but the Open Inference Protocol does.
  bool IsProtocolTensor(std::string_view member) const {
    const bool theirs = member == "name" || member == "datatype" || member == "shape";
    return theirs && FindSpec(signature_->FormOf(member), member) == nullptr;
  }
  bool IsBase64(const char* brace) const {
    return body_.IsBase64(brace) && signature_->FindInput("b64") == nullptr;
  }

  std::unexpected<Error> Malformed(simdjson::error_code code) const {
    return Fail(body_.Malformed(code));
  }

  const JsonBody body_;
  VersionChoice& choice_;
  const Signature* signature_ = nullptr;  // the one that the inputs are read by
  bool settled_ = false;                  // whether it is that of the version that will answer
  std::optional<std::string> version_;    // as the body says
  std::optional<std::string> key_;        // the value of the sticky field
};

Result<PredictBody> Decoder::Pass() {
  PredictBody body;
  version_.reset();
  key_.reset();
  bool seen[std::size(kKeys)] = {};
  ondemand::object object;
  if (const auto failed = body_.document.get_object().get(object)) {
    if (failed != simdjson::INCORRECT_TYPE) return Malformed(failed);
    return Invalid("the body is no JSON object, expected {\"inputs\": ...}");
  }
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (const auto failed = field.unescaped_key().get(key)) return Malformed(failed);
    if (const auto failed = field.value().get(value)) return Malformed(failed);
    const auto known = std::ranges::find(kKeys, key);
    if (known == std::end(kKeys) && IsSticky(key)) {
      if (key_) return Invalid("key '" + std::string(key) + "' is given twice");
      if (auto read = ReadStickyKey(value); !read) return Fail(std::move(read.error()));
      continue;
    }
    if (known == std::end(kKeys)) return UnknownKey(key);
    if (std::exchange(seen[known - std::begin(kKeys)], true)) {
      return Invalid("key '" + std::string(key) + "' is given twice");
    }
    if (auto read = ReadKey(key, value, body); !read) return Fail(std::move(read.error()));
  }
  if (!body_.AtEnd()) {
    return Invalid("the body goes on behind the JSON object; send one object and nothing else");
  }
  if (!seen[0]) return Invalid("the body has no \"inputs\"");
  if (version_) body.options.version = *version_;
  return body;
}

Status Decoder::ReadKey(std::string_view key, ondemand::value value, PredictBody& body) {
  if (key == "version") return ReadVersion(value);
  if (key == "outputs") return ReadOutputs(value, body.options.outputs);
  if (key == "priority") return ReadPriority(value, body.options.priority);
  if (key == "timeout_ms") return ReadTimeout(value, body.options.timeout);
  if (key == "trace") {
    if (value.get_bool().get(body.options.trace) == simdjson::SUCCESS) return {};
    return Invalid("key 'trace' must be true or false");
  }
  if (key == "parameters") return ReadParameters(value, body.parameters);
  if (!settled_) {
    signature_ = nullptr;
    settled_ = version_.has_value();
    const auto signature = version_ ? choice_.Named(*version_) : choice_.Presumed();
    if (!signature) return Fail(signature.error());
    signature_ = *signature;
  }
  return ReadInputs(value, body.inputs);
}

Status Decoder::ReadVersion(ondemand::value value) {
  std::string_view version;
  if (value.get_string().get(version) != simdjson::SUCCESS) {
    return Invalid("key 'version' must be a string, such as \"v1\"");
  }
  if (auto allowed = CheckName("version", version); !allowed) return allowed;
  version_ = std::string(version);
  return {};
}

// Of a string the text, of a number its digits as they stand there.
Status Decoder::ReadStickyKey(ondemand::value value) {
  json_type type = json_type::null;
  std::string_view text;
  if (const auto failed = value.type().get(type)) return Malformed(failed);
  if (type == json_type::string) {
    if (const auto failed = value.get_string().get(text)) return Malformed(failed);
  } else if (type == json_type::number) {
    double number = 0;
    text = value.raw_json_token();
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    if (const auto failed = value.get_double().get(number)) return Malformed(failed);
  } else {
    return Invalid("key '" + std::string(choice_.sticky_field()) +
                   "' must be a string or a number: the model's traffic is sticky by it");
  }
  key_ = std::string(text);
  return {};
}

Status Decoder::ReadOutputs(ondemand::value value, std::vector<std::string>& outputs) {
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) {
    return Invalid("key 'outputs' must be a list of output names, such as [\"label\"]");
  }
  for (auto element : array) {
    ondemand::value inner;
    std::string_view name;
    if (const auto failed = element.get(inner)) return Malformed(failed);
    if (inner.get_string().get(name) != simdjson::SUCCESS) {
      return Invalid("outputs[" + std::to_string(outputs.size()) +
                     "] must be a string, the name of an output");
    }
    if (outputs.size() == PredictOptions::kMaxOutputs) {
      return Invalid("key 'outputs' has more than " + std::to_string(PredictOptions::kMaxOutputs) +
                     " names");
    }
    outputs.emplace_back(name);
  }
  if (outputs.empty()) {
    return Invalid(
        "key 'outputs' is empty: name the outputs that you want, or leave it out for all");
  }
  return {};
}

Status Decoder::ReadParameters(ondemand::value value, std::string& to) {
  json_type type = json_type::null;
  if (const auto failed = value.type().get(type)) return Malformed(failed);
  if (type != json_type::object) {
    return Invalid("key 'parameters' must be an object, such as {\"temperature\": 0.5}");
  }
  JsonWriter json;
  if (auto copied = CopyJson(body_, value, json); !copied) {
    return Fail(copied.error().code, "key 'parameters': " + copied.error().message);
  }
  if (json.text() != "{}") to = std::move(json).Take();
  return {};
}

Status Decoder::ReadPriority(ondemand::value value, std::optional<Priority>& to) {
  std::string_view name;
  if (value.get_string().get(name) != simdjson::SUCCESS) {
    return Invalid("key 'priority' must be a string, one of high, normal, low");
  }
  const auto priority = ParsePriority(name);
  if (!priority) return Fail(priority.error());
  to = *priority;
  return {};
}

Status Decoder::ReadTimeout(ondemand::value value, std::optional<std::chrono::milliseconds>& to) {
  std::int64_t ms = 0;
  if (value.get_int64().get(ms) != simdjson::SUCCESS) return NotATimeout();
  const auto timeout = CheckTimeout(ms);
  if (!timeout) return Fail(timeout.error());
  to = *timeout;
  return {};
}

Status Decoder::ReadInputs(ondemand::value value, std::vector<NamedTensor>& inputs) {
  json_type type = json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) return ReadSole(value, inputs);
  if (type == json_type::object) {
    const bool leaf = IsBase64(value.raw_json_token().data());
    return leaf ? ReadSole(value, inputs) : ReadByName(value, inputs);
  }
  if (type == json_type::array) {
    const char* first = JsonBody::NextToken(value);
    if (*first == '{' && !IsBase64(first)) return ReadRows(value, inputs);
  }
  return ReadSole(value, inputs);
}

Status Decoder::ReadSole(ondemand::value value, std::vector<NamedTensor>& inputs) {
  const TensorSpec* const spec = signature_->FindSoleInput();
  if (spec == nullptr) return SeveralInputs(*signature_);
  auto tensor = TensorReader(*spec, body_, Form::kSole).Read(value);
  if (!tensor) return Fail(std::move(tensor.error()));
  inputs.push_back({spec->name, *std::move(tensor)});
  return {};
}

Status Decoder::ReadByName(ondemand::value value, std::vector<NamedTensor>& inputs) {
  ondemand::object object;
  if (const auto failed = value.get_object().get(object)) return Malformed(failed);
  std::span<const TensorSpec> specs;
  std::vector<bool> seen;
  for (auto field : object) {
    std::string_view name;
    ondemand::value inner;
    if (const auto failed = field.unescaped_key().get(name)) return Malformed(failed);
    if (const auto failed = field.value().get(inner)) return Malformed(failed);
    if (seen.empty()) {
      specs = signature_->FormOf(name);
      seen.resize(specs.size());
    }
    const TensorSpec* const spec = FindSpec(specs, name);
    if (spec == nullptr) return UnknownInput(specs, name);
    const auto index = static_cast<std::size_t>(spec - specs.data());
    if (seen[index]) return Invalid("input '" + spec->name + "' is given twice");
    seen[index] = true;
    auto tensor = TensorReader(*spec, body_, Form::kByName).Read(inner);
    if (!tensor) return Fail(std::move(tensor.error()));
    inputs.push_back({spec->name, *std::move(tensor)});
  }
  return {};
}

Status Decoder::ReadRows(ondemand::value value, std::vector<NamedTensor>& inputs) {
  RowReader rows(*signature_, body_);
  ondemand::array array;
  if (const auto failed = value.get_array().get(array)) return Malformed(failed);
  for (auto element : array) {
    ondemand::value inner;
    if (const auto failed = element.get(inner)) return Malformed(failed);
    ondemand::object object;
    if (const auto failed = inner.get_object().get(object)) {
      if (failed != simdjson::INCORRECT_TYPE) return Malformed(failed);
      return Invalid("inputs[" + std::to_string(rows.count()) +
                     "] is no object, expected one by input name like the rows before it");
    }
    auto read = body_.ForEachMember(object, [&](std::string_view name, ondemand::value member) {
      if (rows.count() == 0 && IsProtocolTensor(name)) return Status(ProtocolTensor());
      return rows.Read(name, member);
    });
    if (!read) return read;
    if (auto ended = rows.EndRow(); !ended) return ended;
  }
  return rows.Finish(inputs);
}

// Looks for nothing but what decides on the version, in a body that could not be read to its end.
void Decoder::FindDeciders() {
  if (!body_.document.is_alive()) return;  // broken JSON: there is no reading on
  body_.document.rewind();
  ondemand::object object;
  if (body_.document.get_object().get(object) != simdjson::SUCCESS) return;
  for (auto field : object) {
    std::string_view key;
    ondemand::value value;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
        field.value().get(value) != simdjson::SUCCESS) {
      return;
    }
    if (key == "version") {
      static_cast<void>(ReadVersion(value));
    } else if (IsSticky(key)) {
      static_cast<void>(ReadStickyKey(value));
    }
  }
}

}  // namespace

Result<PredictBody> DecodePredict(const Buffer& body, VersionChoice& choice) {
  if (body.empty()) return Invalid("the body is empty, expected {\"inputs\": ...}");
  auto document = BodyDocument::Parse(body);
  if (!document) return Fail(std::move(document.error()));
  return Decoder(document->body(), choice).Decode();
}

}  // namespace plinth::api
