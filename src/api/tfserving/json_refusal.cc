#include "api/tfserving/json_refusal.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/tfserving/data_type.h"
#include "api/tfserving/json_tree.h"
#include "base/base64.h"

namespace plinth::api::tfserving {
namespace {

// A larger body would take too much memory as a tree.
constexpr std::size_t kMostBytes = std::size_t{256} * 1024;

// The error, or nothing.
using Refusal = std::optional<Error>;

Error Invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

Error Of(const JsonValue& value, std::string_view what) {
  return Invalid("JSON Value: " + value.Pretty() + std::string(what));
}

Error TypeError(const JsonValue& value, DType type) {
  return Of(value, " Type: " + std::string(value.KindName()) +
                       " is not of expected type: " + std::string(DataTypeWord(type)));
}

bool IsBase64Object(const JsonValue& value) {
  const JsonValue* const bytes = value.Find("b64");
  return bytes != nullptr && value.children.size() == 2 && bytes->IsString();
}

bool IsNamed(const JsonValue& value) { return value.IsObject() && !IsBase64Object(value); }

Refusal CheckBase64(const JsonValue& value) {
  if (!IsBase64Object(value)) return Of(value, " not formatted correctly for base64 data");
  const std::string text = value.Find("b64")->Text();
  std::string decoded(Base64DecodedBound(text.size()), '\0');
  if (!DecodeBase64(text, decoded.data())) return Invalid("Unable to base64 decode");
  return std::nullopt;
}

template <typename T>
Refusal CheckWhole(const JsonValue& value, DType type) {
  const bool fits = value.IsWhole(std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
  return fits ? std::nullopt : Refusal(TypeError(value, type));
}

Refusal CheckFloat(const JsonValue& value, DType type) {
  if (!value.IsNumber()) return TypeError(value, type);
  const double number = std::strtod(std::string(value.token).c_str(), nullptr);
  const double largest = type == DType::kFp64 ? std::numeric_limits<double>::max()
                                              : double{std::numeric_limits<float>::max()};
  const bool named = value.token.find_first_of("NI") != std::string_view::npos;
  if (named || std::abs(number) <= largest) return std::nullopt;
  return Invalid("Cannot convert JSON value: " + value.Pretty() + " to " +
                 std::string(DataTypeWord(type)) + " without loss of precision.");
}

// An element that is no object and no array.
Refusal CheckScalar(const JsonValue& value, DType type) {
  switch (type) {
    case DType::kBool: {
      const bool truth =
          value.kind == JsonValue::Kind::kTrue || value.kind == JsonValue::Kind::kFalse;
      return truth ? std::nullopt : Refusal(TypeError(value, type));
    }
    case DType::kInt8:
      return CheckWhole<std::int8_t>(value, type);
    case DType::kInt16:
      return CheckWhole<std::int16_t>(value, type);
    case DType::kInt32:
      return CheckWhole<std::int32_t>(value, type);
    case DType::kInt64:
      return CheckWhole<std::int64_t>(value, type);
    case DType::kUint8:
      return CheckWhole<std::uint8_t>(value, type);
    case DType::kUint16:
      return CheckWhole<std::uint16_t>(value, type);
    case DType::kUint32:
      return CheckWhole<std::uint32_t>(value, type);
    case DType::kUint64:
      return CheckWhole<std::uint64_t>(value, type);
    case DType::kBytes:
      return value.IsString() ? std::nullopt : Refusal(TypeError(value, type));
    case DType::kAny:
      return std::nullopt;
    default:
      return CheckFloat(value, type);
  }
}

using Dims = std::vector<std::size_t>;

// As told by the first element at each level.
Dims DimsOf(const JsonValue& value) {
  Dims dims;
  for (const JsonValue* at = &value; at->IsArray(); at = &at->children.front()) {
    dims.push_back(at->children.size());
    if (at->children.empty()) break;
  }
  return dims;
}

std::string TextOf(const Dims& dims) {
  std::string text = "[";
  for (const std::size_t dim : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(dim);
  }
  return text += ']';
}

// Counts the elements of `value`. Recursion is bounded by the parser.
Refusal CheckValues(const JsonValue& value, std::size_t level, const Dims& dims, DType type,
                    std::size_t& count) {
  if (!value.IsArray()) {
    if (level != dims.size()) {
      return Of(value, " found at incorrect level: " + std::to_string(level + 1) +
                           " in the JSON DOM. Expected at level: " + std::to_string(dims.size()));
    }
    ++count;
    if (!value.IsObject()) return CheckScalar(value, type);
    return type == DType::kBytes ? CheckBase64(value) : Refusal(TypeError(value, type));
  }
  if (level >= dims.size()) {
    return Invalid("Encountered list at unexpected level: " + std::to_string(level) +
                   " expected < " + std::to_string(dims.size()));
  }
  if (value.children.size() != dims[level]) {
    return Invalid("Encountered list at unexpected size: " + std::to_string(value.children.size()) +
                   " at level: " + std::to_string(level) +
                   " expected size: " + std::to_string(dims[level]));
  }
  for (const JsonValue& child : value.children) {
    if (auto refusal = CheckValues(child, level + 1, dims, type, count)) return refusal;
  }
  return std::nullopt;
}

Refusal CheckTensor(const JsonValue& value, const TensorSpec& spec) {
  std::size_t count = 0;
  return CheckValues(value, 0, DimsOf(value), spec.dtype, count);
}

// The rows of "instances", one after the other.
class Rows {
 public:
  explicit Rows(const Signature& signature) : signature_(signature) {}

  Refusal Check(const JsonValue& instances) {
    const TensorSpec* const sole = signature_.FindSoleInput();
    const bool named = IsNamed(instances.children.front());
    if (!named && sole == nullptr) {
      return Invalid(
          "instances is a plain list, but expecting list of objects as multiple input tensors "
          "required as per tensorinfo_map");
    }
    for (const JsonValue& row : instances.children) {
      if (auto refusal = named ? CheckNamed(row) : CheckPlain(row, *sole)) return refusal;
      ++row_;
    }
    return std::nullopt;
  }

 private:
  struct First {
    std::size_t count;
    Dims dims;
  };

  Refusal CheckNamed(const JsonValue& row) {
    if (!IsNamed(row)) {
      return Invalid("Expecting object but got list at item " + std::to_string(row_) +
                     " of input list");
    }
    std::set<std::string> keys;
    for (std::size_t i = 0; i < row.children.size(); i += 2) {
      const std::string name = row.children[i].Text();
      keys.insert(name);
      if (auto refusal = CheckItem(row.children[i + 1], name))
        return Wrapped(" key: " + name, *refusal);
    }
    std::set<std::string> wanted;
    for (const TensorSpec& spec : signature_.inputs) {
      if (!spec.optional || keys.contains(spec.name)) wanted.insert(spec.name);
    }
    if (keys == wanted) return std::nullopt;
    std::string list;
    for (const std::string& name : wanted) list.append(list.empty() ? "" : ",").append(name);
    return Invalid("Failed to process element: " + std::to_string(row_) +
                   " of 'instances' list. JSON object: " + row.Pretty() +
                   " keys must be equal to: " + list);
  }

  Refusal CheckPlain(const JsonValue& row, const TensorSpec& sole) {
    if (IsNamed(row)) {
      return Invalid("Expecting value/list but got object at item " + std::to_string(row_) +
                     " of input list");
    }
    if (auto refusal = CheckItem(row, sole.name)) return Wrapped("", *refusal);
    return std::nullopt;
  }

  Error Wrapped(const std::string& key, const Error& error) const {
    return Invalid("Failed to process element: " + std::to_string(row_) + key +
                   " of 'instances' list. Error: INVALID_ARGUMENT: " + error.message);
  }

  Refusal CheckItem(const JsonValue& value, const std::string& name) {
    const TensorSpec* const spec = signature_.FindInput(name);
    if (spec == nullptr) return Invalid("JSON object: does not have named input: " + name);
    First own{0, DimsOf(value)};
    if (auto refusal = CheckValues(value, 0, own.dims, spec->dtype, own.count)) return refusal;
    const auto [it, first] = first_.try_emplace(name, own);
    if (first) return std::nullopt;
    if (it->second.count != own.count) {
      return Invalid("Expecting tensor size: " + std::to_string(it->second.count) +
                     " but got: " + std::to_string(own.count));
    }
    if (it->second.dims == own.dims) return std::nullopt;
    return Invalid("Expecting shape " + TextOf(it->second.dims) + " but got: " + TextOf(own.dims));
  }

  const Signature& signature_;
  std::size_t row_ = 0;
  std::map<std::string, First> first_;  // of each input
};

Refusal CheckInputs(const JsonValue& inputs, const Signature& signature) {
  if (!IsNamed(inputs)) {
    const TensorSpec* const sole = signature.FindSoleInput();
    if (sole != nullptr) return CheckTensor(inputs, *sole);
    return Invalid(
        "inputs is a plain value/list, but expecting an object as multiple input tensors required "
        "as per tensorinfo_map");
  }
  for (const TensorSpec& spec : signature.inputs) {
    const JsonValue* const value = inputs.Find(spec.name);
    if (value == nullptr && spec.optional) continue;
    if (value == nullptr)
      return Invalid("Missing named input: " + spec.name + " in 'inputs' object.");
    if (auto refusal = CheckTensor(*value, spec)) return refusal;
  }
  return std::nullopt;
}

// What every body must be; `check` sees the document.
template <typename Check>
Refusal Explain(std::string_view body, Check check) {
  if (body.size() > kMostBytes) return std::nullopt;
  const auto document = ParseJsonTree(body);
  if (!document) {
    if (document.error().what.empty()) return std::nullopt;
    return Invalid("JSON Parse error: " + document.error().what +
                   " at offset: " + std::to_string(document.error().offset));
  }
  if (!document->IsObject()) return Of(*document, " Is not object");
  const JsonValue* const name = document->Find("signature_name");
  if (name != nullptr && !name->IsString()) {
    return Of(*document, " not formatted correctly. 'signature_name' key must be a string value.");
  }
  return check(*document);
}

// An element of a feature's list.
Refusal CheckFeatureValue(const JsonValue& value, const std::string& feature) {
  using Kind = JsonValue::Kind;
  if (value.IsObject() && IsBase64Object(value)) return CheckBase64(value);
  if (value.kind == Kind::kNull || value.IsObject() || value.IsArray()) {
    return Invalid("Feature: " + feature +
                   " has element with unexpected JSON type: " + std::string(value.KindName()));
  }
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  if (value.IsWhole(kLeast, std::numeric_limits<std::uint64_t>::max()) &&
      !value.IsWhole(kLeast, std::numeric_limits<std::int64_t>::max())) {
    return Invalid("Feature: " + feature + " has uint64 element. Only int64 is supported.");
  }
  return std::nullopt;
}

Refusal CheckExample(const JsonValue& example) {
  if (!example.IsObject()) {
    return Invalid("Example must be JSON object but got JSON " + std::string(example.KindName()));
  }
  for (std::size_t i = 0; i < example.children.size(); i += 2) {
    const std::string name = example.children[i].Text();
    const JsonValue& content = example.children[i + 1];
    if (!content.IsArray()) {
      if (auto refusal = CheckFeatureValue(content, name)) return refusal;
      continue;
    }
    for (const JsonValue& value : content.children) {
      if (auto refusal = CheckFeatureValue(value, name)) return refusal;
    }
  }
  return std::nullopt;
}

Refusal CheckExamples(const JsonValue& document) {
  if (const JsonValue* const context = document.Find("context")) {
    if (auto refusal = CheckExample(*context)) return refusal;
  }
  const JsonValue* const examples = document.Find("examples");
  if (examples == nullptr) {
    return Of(document, " When method is classify, key 'examples' is expected and was not found");
  }
  if (!examples->IsArray()) return Of(document, " Expecting 'examples' value to be an list/array");
  if (examples->children.empty()) return Of(document, " 'examples' value is an empty array");
  for (const JsonValue& example : examples->children) {
    if (auto refusal = CheckExample(example)) return refusal;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> ExplainPredictRefusal(
    std::string_view body, const Signature& signature,
    const std::function<bool(std::string_view)>& has_signature) {
  return Explain(body, [&](const JsonValue& document) -> Refusal {
    const JsonValue* const name = document.Find("signature_name");
    if (name != nullptr && !has_signature(name->Text())) return NoSuchSignature(name->Text());
    const JsonValue* const instances = document.Find("instances");
    const JsonValue* const inputs = document.Find("inputs");
    if (instances != nullptr && inputs != nullptr) {
      return Of(document,
                " Not formatted correctly expecting only one of 'inputs' or 'instances' keys to "
                "exist ");
    }
    if (inputs != nullptr) return CheckInputs(*inputs, signature);
    if (instances == nullptr) return Invalid("Missing 'inputs' or 'instances' key");
    if (!instances->IsArray()) return Of(document, " Excepting 'instances' to be an list/array");
    if (instances->children.empty()) return Of(document, " No values in 'instances' array");
    return Rows(signature).Check(*instances);
  });
}

std::optional<Error> ExplainExamplesRefusal(std::string_view body) {
  return Explain(body, CheckExamples);
}

Error NoSuchSignature(std::string_view name) {
  return Invalid("Serving signature name: \"" + std::string(name) +
                 "\" not found in signature def");
}

}  // namespace plinth::api::tfserving
