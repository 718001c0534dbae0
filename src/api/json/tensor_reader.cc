#include "api/json/tensor_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "api/json/element_wording.h"
#include "base/base64.h"
#include "base/status.h"

namespace plinth::api {
namespace {

using simdjson::ondemand::json_type;
using Value = simdjson::ondemand::value;
using ArrayIterator = simdjson::ondemand::array_iterator;

// What rounds to a finite float: up to half a step beyond the largest one, where ties round away
// from it.
constexpr double kLargestFloat = 0x1.fffffefffffffp+127;
// Integers up to here are exact as doubles.
constexpr double kExactInteger = 9007199254740992.0;

// A value's text without the blanks behind it; of an array or object its bracket.
std::string_view TokenOf(Value& value) {
  const std::string_view token = value.raw_json_token();
  return token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
}

// The type that an element has where the model does not say.
DType TypeOf(std::string_view token) {
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
    case '{':
      return DType::kBytes;
    case 't':
    case 'f':
      return DType::kBool;
    default:
      break;
  }
  const bool whole = token.find_first_not_of("-0123456789") == std::string_view::npos;
  return whole ? DType::kInt64 : DType::kFp32;
}

}  // namespace

std::optional<double> NonFiniteNumber(std::string_view token) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  if (token == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (token == "Infinity" || token == "Inf") return kInfinity;
  if (token == "-Infinity" || token == "-Inf") return -kInfinity;
  return std::nullopt;
}

TensorReader::TensorReader(const TensorSpec& spec, const JsonBody& body, Form form,
                           ElementRules rules)
    : spec_(spec),
      body_(body),
      rules_(rules),
      form_(form),
      shape_(spec, form),
      elements_(spec.dtype) {}

Result<Tensor> TensorReader::Read(Value value) {
  if (form_ == Form::kFlat) {
    if (!ReadFlat(value, 0)) return Fail(std::move(error_));
    shape_.SetElements(rows_);
    return Finish();
  }
  if (!ReadValue(value, 0)) return Fail(std::move(error_));
  return Finish();
}

Status TensorReader::ReadRow(Value value) {
  shape_.SetIndex(0, rows_++);
  if (!ReadValue(value, 1)) return Fail(std::move(error_));
  return {};
}

Result<Tensor> TensorReader::FinishRows() {
  shape_.SetRows(rows_);
  return Finish();
}

Result<Tensor> TensorReader::Finish() {
  const auto shape = shape_.Finish();
  if (!shape) return Fail(shape.error());
  auto tensor = elements_.Finish(*shape);
  if (!tensor) return Fail(tensor.error().Annotate("input '" + spec_.name + "'"));
  return tensor;
}

bool TensorReader::ReadValue(Value& value, std::size_t level) {
  level_ = level;
  json_type type = json_type::null;
  // A token that begins no value gives an error here; Store() says what it is.
  if (value.type().get(type) == simdjson::SUCCESS && type == json_type::array) {
    return ReadArray(value, level);
  }
  return ReadScalar(value, level);
}

bool TensorReader::ReadArray(Value& value, std::size_t level) {
  if (!shape_.TakesArray(level)) return RefuseValue(value);
  if (!Take(shape_.OpenArray(level))) return false;
  simdjson::ondemand::array array;
  if (const auto failed = value.get_array().get(array)) return Malformed(failed);
  const ArrayIterator end;
  ArrayIterator it;
  if (const auto failed = array.begin().get(it)) return Malformed(failed);
  std::int64_t size = 0;
  while (it != end) {
    if (shape_.IsInnermost(level) && !ReadNumbers(it, level, size)) return false;
    if (!(it != end)) break;
    Value inner;
    if (const auto failed = (*it).get(inner)) return Malformed(failed);
    shape_.SetIndex(level, size++);
    if (!ReadValue(inner, level + 1)) return false;
    ++it;
  }
  return Take(shape_.CloseArray(level, size));
}

// The elements in their order; rows_ counts them.
bool TensorReader::ReadFlat(Value& value, std::size_t depth) {
  if (depth == kMostNesting) {
    return Refuse("JSON nesting depth exceeds maximum allowed limit (" +
                  std::to_string(kMostNesting) + ")");
  }
  simdjson::ondemand::array array;
  if (const auto failed = value.get_array().get(array)) return Malformed(failed);
  const ArrayIterator end;
  ArrayIterator it;
  if (const auto failed = array.begin().get(it)) return Malformed(failed);
  while (it != end) {
    if (!ReadNumbers(it, 0, rows_)) return false;
    if (!(it != end)) break;
    Value inner;
    if (const auto failed = (*it).get(inner)) return Malformed(failed);
    json_type type = json_type::null;
    if (inner.type().get(type) == simdjson::SUCCESS && type == json_type::array) {
      if (!ReadFlat(inner, depth + 1)) return false;
    } else {
      shape_.SetIndex(0, rows_++);
      level_ = 1;
      if (!Store(inner)) return false;
    }
    ++it;
  }
  return true;
}

bool TensorReader::ReadScalar(Value& value, std::size_t level) {
  if (!shape_.TakesScalar(level)) return RefuseValue(value, "an array like the ones before it");
  return Take(shape_.AddScalar(level)) && Store(value);
}

// The innermost arrays hold nearly all of a body, and nearly all of them is plain numbers: these
// are read here, without a call for each. Stops before the first element that needs more thought.
bool TensorReader::ReadNumbers(ArrayIterator& it, std::size_t level, std::int64_t& size) {
  switch (elements_.type()) {
    case DType::kFp32:
      return ReadRun<float>(it, level, size);
    case DType::kFp64:
      return ReadRun<double>(it, level, size);
    case DType::kInt32:
      return ReadRun<std::int32_t>(it, level, size);
    case DType::kInt64:
      return ReadRun<std::int64_t>(it, level, size);
    case DType::kUint8:
      return ReadRun<std::uint8_t>(it, level, size);
    default:
      return true;
  }
}

template <typename T>
bool TensorReader::ReadRun(ArrayIterator& it, std::size_t level, std::int64_t& size) {
  using Wide = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
  const ArrayIterator end;
  const std::size_t before = elements_.count();
  // Kept here, where the compiler sees that nothing else changes them.
  T* data = elements_.data<T>();
  std::size_t count = before;
  std::size_t capacity = elements_.capacity();
  bool fits = true;
  Value value;
  for (; it != end; ++it) {
    Wide number;
    if ((*it).get(value) != simdjson::SUCCESS) [[unlikely]]
      break;
    if (value.get<Wide>().get(number) != simdjson::SUCCESS) [[unlikely]]
      break;
    if constexpr (std::is_same_v<T, float>) {
      fits = std::abs(number) <= kLargestFloat;
    } else if constexpr (std::is_integral_v<T>) {
      fits = std::in_range<T>(number);
    }
    if (!fits) [[unlikely]]
      break;
    if (count == capacity) [[unlikely]] {
      elements_.SetCount(count);
      Grow();
      data = elements_.data<T>();
      capacity = elements_.capacity();
    }
    data[count++] = static_cast<T>(number);
  }
  size += static_cast<std::int64_t>(count - before);
  elements_.SetCount(count);
  if (fits) return true;
  shape_.SetIndex(level, size);
  level_ = level + 1;
  return RefuseValue(value);
}

bool TensorReader::Store(Value& value) {
  if (elements_.full()) {
    if (elements_.type() == DType::kAny) elements_.SetType(TypeOf(TokenOf(value)));
    Grow();
  }
  switch (elements_.type()) {
    case DType::kFp64:
    case DType::kFp32:
      return StoreFloat(value);
    case DType::kFp16:
    case DType::kBf16:
      return StoreSmallFloat(value);
    case DType::kInt8:
      return StoreInteger<std::int8_t>(value);
    case DType::kInt16:
      return StoreInteger<std::int16_t>(value);
    case DType::kInt32:
      return StoreInteger<std::int32_t>(value);
    case DType::kInt64:
      return StoreInteger<std::int64_t>(value);
    case DType::kUint8:
      return StoreInteger<std::uint8_t>(value);
    case DType::kUint16:
      return StoreInteger<std::uint16_t>(value);
    case DType::kUint32:
      return StoreInteger<std::uint32_t>(value);
    case DType::kUint64:
      return StoreInteger<std::uint64_t>(value);
    case DType::kBool:
      return StoreBool(value);
    case DType::kBytes:
      return StoreBytes(value);
    case DType::kAny:
      break;
  }
  return Refuse("the model declares a type that this server does not know");
}

// Reads a number, or what else may stand for one.
bool TensorReader::ReadDouble(Value& value, double& number) {
  return value.get_double().get(number) == simdjson::SUCCESS ||
         (spec_.fitted && ReadTruth(value, number)) || ReadNonNumber(value, number);
}

bool TensorReader::ReadTruth(Value& value, double& number) {
  bool truth = false;
  if (value.get_bool().get(truth) != simdjson::SUCCESS) return false;
  number = truth ? 1 : 0;
  return true;
}

bool TensorReader::ReadNonNumber(Value& value, double& number) {
  if (strict()) {
    // Whoever iterates over the values skips the token, which nobody here has consumed.
    const auto named = NonFiniteNumber(value.raw_json_token());
    if (!named) return RefuseValue(value);
    number = *named;
    return true;
  }
  bool missing = false;
  if (value.is_null().get(missing) != simdjson::SUCCESS || !missing) return RefuseValue(value);
  number = std::numeric_limits<double>::quiet_NaN();
  return true;
}

bool TensorReader::StoreFloat(Value& value) {
  double number = 0;
  if (!ReadDouble(value, number)) return false;
  if (elements_.type() == DType::kFp64) {
    elements_.Put(number);
    return true;
  }
  if (std::abs(number) > kLargestFloat && !std::isinf(number)) return RefuseValue(value);
  elements_.Put(static_cast<float>(number));
  return true;
}

bool TensorReader::StoreSmallFloat(Value& value) {
  double number = 0;
  if (!ReadDouble(value, number)) return false;
  const auto single = static_cast<float>(number);
  const bool half = elements_.type() == DType::kFp16;
  const std::uint16_t bits = half ? FloatToFp16(single) : FloatToBf16(single);
  if (std::isinf(half ? Fp16ToFloat(bits) : Bf16ToFloat(bits)) && !std::isinf(number))
    return RefuseValue(value);
  elements_.Put(bits);
  return true;
}

template <typename T>
bool TensorReader::StoreInteger(Value& value) {
  using Wide = std::conditional_t<std::is_unsigned_v<T>, std::uint64_t, std::int64_t>;
  Wide number = 0;
  if (value.get<Wide>().get(number) == simdjson::SUCCESS) {
    if (!std::in_range<T>(number)) return RefuseValue(value);
    elements_.Put(static_cast<T>(number));
    return true;
  }
  if (spec_.dtype == DType::kAny) {
    // So far all were integers; this is none, so all are floats.
    elements_.TurnIntoFloats();
    return Store(value);
  }
  // 3.0 and 3e2 are whole numbers too, as long as no digit is lost on the way.
  double real = 0;
  if (strict() || value.get_double().get(real) != simdjson::SUCCESS || std::trunc(real) != real ||
      std::abs(real) > kExactInteger || real < static_cast<double>(std::numeric_limits<T>::min()) ||
      real > static_cast<double>(std::numeric_limits<T>::max())) {
    return RefuseValue(value);
  }
  elements_.Put(static_cast<T>(real));
  return true;
}

bool TensorReader::StoreBool(Value& value) {
  bool truth = false;
  if (value.get_bool().get(truth) != simdjson::SUCCESS) {
    std::uint64_t number = 0;
    if (strict() || value.get_uint64().get(number) != simdjson::SUCCESS || number > 1) {
      return RefuseValue(value);
    }
    truth = number == 1;
  }
  elements_.Put(static_cast<std::uint8_t>(truth ? 1 : 0));
  return true;
}

bool TensorReader::StoreBytes(Value& value) {
  json_type type = json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) return RefuseValue(value);
  if (type == json_type::object) return StoreBase64(value);
  if (type == json_type::null && spec_.nullable && !strict()) return StoreMissingText(value);
  if (type != json_type::string) return RefuseValue(value);
  std::string_view text;
  if (const auto failed = value.get_string().get(text)) return Malformed(failed);
  elements_.Append(text);
  elements_.EndString();
  return true;
}

bool TensorReader::StoreMissingText(Value& value) {
  bool missing = false;
  if (const auto failed = value.is_null().get(missing)) return Malformed(failed);
  if (!missing) return RefuseValue(value);
  missing_text_ = true;
  elements_.Append(kMissingText);
  elements_.EndString();
  return true;
}

// {"b64": "..."}
bool TensorReader::StoreBase64(Value& value) {
  const auto where = [this] { return shape_.Where(level_); };
  simdjson::ondemand::object object;
  if (const auto failed = value.get_object().get(object)) return Malformed(failed);
  bool found = false;
  for (auto field : object) {
    std::string_view key;
    std::string_view text;
    if (const auto failed = field.unescaped_key().get(key)) return Malformed(failed);
    if (found || key != "b64" || field.value().get_string().get(text) != simdjson::SUCCESS) {
      return Refuse(where() + " is an object, expected a string or {\"b64\": \"...\"}");
    }
    found = true;
    const auto size = DecodeBase64(text, elements_.StringSpace(Base64DecodedBound(text.size())));
    if (!size) return Refuse(where() + ".b64 is not valid base64 (RFC 4648, section 4)");
    elements_.Extend(*size);
  }
  if (!found) return Refuse(where() + " is an empty object, expected {\"b64\": \"...\"}");
  elements_.EndString();
  return true;
}

// Room for at least one more element.
void TensorReader::Grow() {
  std::int64_t told = 1;
  if (spec_.shape) {
    constexpr std::int64_t kEnough = ElementStore::kFirstElements;
    for (const std::int64_t dim : spec_.shape->dims()) {
      told = std::min(kEnough, told * std::clamp<std::int64_t>(dim, 1, kEnough));
    }
  }
  const char* at = nullptr;
  const bool known = body_.document.current_location().get(at) == simdjson::SUCCESS;
  const auto used = known ? static_cast<std::size_t>(at - body_.text.data()) : 0;
  elements_.Grow(static_cast<std::size_t>(told),
                 body_.text.size() - std::min(used, body_.text.size()));
}

// What a part says, as the answer of the reader's own functions.
bool TensorReader::Take(Status status) {
  if (status) return true;
  error_ = std::move(status.error());
  return false;
}

bool TensorReader::Malformed(simdjson::error_code code) {
  error_ = body_.Malformed(code);
  return false;
}

bool TensorReader::Refuse(std::string what) {
  error_ = {Code::kInvalidArgument, "input '" + spec_.name + "': " + std::move(what)};
  return false;
}

bool TensorReader::RefuseValue(Value& value, std::string_view expected) {
  const std::string_view token = TokenOf(value);
  if (token.empty() || std::string_view(",:]}").find(token.front()) != std::string_view::npos) {
    return Malformed(simdjson::TAPE_ERROR);
  }
  std::string wanted = expected.empty() ? ExpectedElement(elements_.type()) : std::string(expected);
  return Refuse(shape_.Where(level_) + " is " + ShownToken(token) + ", expected " +
                std::move(wanted) + std::string(HintFor(token)));
}

}  // namespace plinth::api
