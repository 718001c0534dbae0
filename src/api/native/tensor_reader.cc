#include "api/native/tensor_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "base/base64.h"
#include "base/status.h"

namespace plinth::api {
namespace {

using simdjson::ondemand::json_type;
using Value = simdjson::ondemand::value;
using ArrayIterator = simdjson::ondemand::array_iterator;

constexpr std::size_t kFirstCapacity = 64;
constexpr std::size_t kShownToken = 40;
// Unused room above this is given back, at the price of a copy.
constexpr std::size_t kTolerableSlack = std::size_t{64} * 1024;
// What rounds to a finite float: up to half a step beyond the largest one, where ties round away
// from it.
constexpr double kLargestFloat = 0x1.fffffefffffffp+127;
// Integers up to here are exact as doubles.
constexpr double kExactInteger = 9007199254740992.0;

// The bytes of an element in elements_.
std::size_t StoredSize(DType type) {
  return type == DType::kBytes ? sizeof(std::uint64_t) : SizeOf(type);
}

// A value's text without the blanks behind it, shortened.
std::string ShownToken(Value& value) {
  std::string_view token = value.raw_json_token();
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  switch (token.empty() ? '\0' : token.front()) {
    case '[':
      return "an array";
    case '{':
      return "an object";
    default:
      break;
  }
  if (token.size() <= kShownToken) return std::string(token);
  return std::string(token.substr(0, kShownToken)) + "...";
}

// What Python and JavaScript write for numbers that JSON does not have.
bool LooksLikeNonFinite(std::string_view token) {
  if (token.starts_with('-') || token.starts_with('+')) token.remove_prefix(1);
  return token.starts_with("NaN") || token.starts_with("nan") || token.starts_with("Inf") ||
         token.starts_with("inf");
}

template <typename T>
std::string RangeOf() {
  return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
         std::to_string(std::numeric_limits<T>::max());
}

std::string Elements(std::int64_t n) {
  return std::to_string(n) + (n == 1 ? " element" : " elements");
}

}  // namespace

Error JsonBody::Malformed(simdjson::error_code code) const {
  std::string message = "the body is not valid JSON: ";
  message += simdjson::error_message(code);
  const char* at = nullptr;
  if (document.current_location().get(at) == simdjson::SUCCESS && at >= text.data() &&
      at <= text.data() + text.size()) {
    message += " Near byte " + std::to_string(at - text.data()) + ".";
  }
  return {Code::kInvalidArgument, std::move(message)};
}

TensorReader::TensorReader(const TensorSpec& spec, const JsonBody& body, Form form)
    : spec_(spec), body_(body), form_(form), dtype_(spec.dtype) {
  dims_.fill(-1);
  if (form == Form::kRows) deepest_ = 1;
}

Result<Tensor> TensorReader::Read(Value value) {
  if (!ReadValue(value, 0)) return Fail(std::move(error_));
  return Finish();
}

Status TensorReader::ReadRow(Value value) {
  index_[0] = rows_++;
  depth_ = 1;
  if (!ReadValue(value, 1)) return Fail(std::move(error_));
  return {};
}

Result<Tensor> TensorReader::FinishRows() {
  dims_[0] = rows_;
  return Finish();
}

bool TensorReader::ReadValue(Value& value, std::size_t level) {
  depth_ = level;
  json_type type = json_type::null;
  // A token that begins no value gives an error here; Store() says what it is.
  if (value.type().get(type) == simdjson::SUCCESS && type == json_type::array) {
    return ReadArray(value, level);
  }
  return ReadFirstScalar(value, level);
}

bool TensorReader::ReadArray(Value& value, std::size_t level) {
  if (rank_ != kUnknown && level >= rank_) return RefuseValue(value);
  if (level == Shape::kMaxRank) {
    return Refuse(Where(level) + " is an array nested deeper than the " +
                  std::to_string(Shape::kMaxRank) + " dimensions that a tensor may have");
  }
  simdjson::ondemand::array array;
  if (const auto failed = value.get_array().get(array)) {
    error_ = body_.Malformed(failed);
    return false;
  }
  deepest_ = std::max(deepest_, level + 1);
  std::int64_t size = 0;
  const ArrayIterator end;
  ArrayIterator it;
  if (const auto failed = array.begin().get(it)) {
    error_ = body_.Malformed(failed);
    return false;
  }
  while (it != end) {
    if (rank_ == level + 1 && !ReadNumbers(it, level, size)) return false;
    if (!(it != end)) break;
    Value inner;
    if (const auto failed = (*it).get(inner)) {
      error_ = body_.Malformed(failed);
      return false;
    }
    index_[level] = size++;
    if (!ReadValue(inner, level + 1)) return false;
    ++it;
  }
  return CloseArray(level, size);
}

// The innermost arrays hold nearly all of a body, and nearly all of them is plain numbers: these
// are read here, without a call for each. Stops before the first element that needs more thought.
bool TensorReader::ReadNumbers(ArrayIterator& it, std::size_t level, std::int64_t& size) {
  switch (dtype_) {
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
  T* data = reinterpret_cast<T*>(elements_.mutable_data());
  const std::size_t before = count_;
  std::size_t count = before;
  bool fits = true;
  Value value;
  for (; it != end; ++it) {
    Wide number;
    if ((*it).get(value) != simdjson::SUCCESS) break;
    if (value.get<Wide>().get(number) != simdjson::SUCCESS) break;
    if constexpr (std::is_same_v<T, float>) {
      fits = std::abs(number) <= kLargestFloat;
    } else if constexpr (std::is_integral_v<T>) {
      fits = std::in_range<T>(number);
    }
    if (!fits) break;
    if (count == capacity_) {
      count_ = count;
      Grow();
      data = reinterpret_cast<T*>(elements_.mutable_data());
    }
    data[count++] = static_cast<T>(number);
  }
  size += static_cast<std::int64_t>(count - before);
  count_ = count;
  if (fits) return true;
  index_[level] = size;
  depth_ = level + 1;
  return RefuseValue(value);
}

bool TensorReader::ReadFirstScalar(Value& value, std::size_t level) {
  if (rank_ == kUnknown) {
    if (!SetRank(value, level)) return false;
  } else if (level != rank_) {
    return RefuseValue(value, "an array like the ones before it");
  }
  return Store(value);
}

// The first scalar stands at `level`: that is the rank.
bool TensorReader::SetRank(Value& value, std::size_t level) {
  if (deepest_ > level) return RefuseValue(value, "an array like the ones before it");
  if (spec_.shape && level != spec_.shape->rank()) {
    const Shape& shape = *spec_.shape;
    const bool batched =
        form_ != Form::kRows && spec_.batch_axis == 0 && shape.rank() > 0 && shape[0] == -1;
    if (!batched || level + 1 != shape.rank()) {
      const std::size_t outer = form_ == Form::kRows ? 1 : 0;
      return Refuse(Where(outer) + " is nested " + std::to_string(level - outer) +
                    " deep, expected " + std::to_string(shape.rank() - outer) +
                    (batched ? ", or one less for a single row" : "") + ": the model's shape is " +
                    shape.ToString());
    }
    missing_batch_ = 1;
  }
  rank_ = level;
  return true;
}

bool TensorReader::CloseArray(std::size_t level, std::int64_t size) {
  const std::int64_t before = std::exchange(dims_[level], size);
  if (before >= 0 && before != size) {
    return Refuse(Where(level) + " has " + Elements(size) + ", the arrays before it have " +
                  std::to_string(before) + ": all must be of one size");
  }
  if (!spec_.shape || rank_ == kUnknown) return true;
  const std::int64_t wanted = (*spec_.shape)[level + missing_batch_];
  if (wanted < 0 || wanted == size) return true;
  return Refuse(Where(level) + " has " + Elements(size) + ", expected " + std::to_string(wanted) +
                ": the model's shape is " + spec_.shape->ToString());
}

bool TensorReader::Store(Value& value) {
  if (count_ >= capacity_) {
    if (dtype_ == DType::kAny) DecideType(value);
    Grow();
  }
  double number = 0;
  switch (dtype_) {
    case DType::kFp64:
      if (!StoreDouble(value, number)) return false;
      Put(number);
      return true;
    case DType::kFp32: {
      if (!StoreDouble(value, number)) return false;
      if (std::abs(number) > kLargestFloat) return RefuseValue(value);
      Put(static_cast<float>(number));
      return true;
    }
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

// Reads a number, or NaN for null.
bool TensorReader::StoreDouble(Value& value, double& number) {
  if (value.get_double().get(number) == simdjson::SUCCESS) return true;
  bool missing = false;
  if (value.is_null().get(missing) != simdjson::SUCCESS || !missing) return RefuseValue(value);
  number = std::numeric_limits<double>::quiet_NaN();
  return true;
}

bool TensorReader::StoreSmallFloat(Value& value) {
  double number = 0;
  if (!StoreDouble(value, number)) return false;
  const auto single = static_cast<float>(number);
  const bool half = dtype_ == DType::kFp16;
  const std::uint16_t bits = half ? FloatToFp16(single) : FloatToBf16(single);
  if (std::isinf(half ? Fp16ToFloat(bits) : Bf16ToFloat(bits))) return RefuseValue(value);
  Put(bits);
  return true;
}

template <typename T>
bool TensorReader::StoreInteger(Value& value) {
  using Wide = std::conditional_t<std::is_unsigned_v<T>, std::uint64_t, std::int64_t>;
  Wide number = 0;
  if (value.get<Wide>().get(number) == simdjson::SUCCESS) {
    if (!std::in_range<T>(number)) return RefuseValue(value);
    Put(static_cast<T>(number));
    return true;
  }
  if (spec_.dtype == DType::kAny) {
    // So far all were integers; this is none, so all are floats.
    TurnIntoFloats();
    return Store(value);
  }
  // 3.0 and 3e2 are whole numbers too, as long as no digit is lost on the way.
  double real = 0;
  if (value.get_double().get(real) != simdjson::SUCCESS || std::trunc(real) != real ||
      std::abs(real) > kExactInteger || real < static_cast<double>(std::numeric_limits<T>::min()) ||
      real > static_cast<double>(std::numeric_limits<T>::max())) {
    return RefuseValue(value);
  }
  Put(static_cast<T>(real));
  return true;
}

bool TensorReader::StoreBool(Value& value) {
  bool truth = false;
  if (value.get_bool().get(truth) != simdjson::SUCCESS) {
    std::uint64_t number = 0;
    if (value.get_uint64().get(number) != simdjson::SUCCESS || number > 1) {
      return RefuseValue(value);
    }
    truth = number == 1;
  }
  Put(static_cast<std::uint8_t>(truth ? 1 : 0));
  return true;
}

bool TensorReader::StoreBytes(Value& value) {
  json_type type = json_type::null;
  if (value.type().get(type) != simdjson::SUCCESS) return RefuseValue(value);
  if (type == json_type::object) return StoreBase64(value);
  if (type != json_type::string) return RefuseValue(value);
  std::string_view text;
  if (const auto failed = value.get_string().get(text)) {
    error_ = body_.Malformed(failed);
    return false;
  }
  return AppendString(text);
}

// {"b64": "..."}
bool TensorReader::StoreBase64(Value& value) {
  simdjson::ondemand::object object;
  if (const auto failed = value.get_object().get(object)) {
    error_ = body_.Malformed(failed);
    return false;
  }
  bool found = false;
  for (auto field : object) {
    std::string_view key;
    std::string_view text;
    if (const auto failed = field.unescaped_key().get(key)) {
      error_ = body_.Malformed(failed);
      return false;
    }
    if (found || key != "b64" || field.value().get_string().get(text) != simdjson::SUCCESS) {
      return Refuse(Where(depth_) + " is an object, expected a string or {\"b64\": \"...\"}");
    }
    found = true;
    GrowStrings(Base64DecodedBound(text.size()));
    const auto size =
        DecodeBase64(text, reinterpret_cast<char*>(strings_.mutable_data()) + strings_size_);
    if (!size) return Refuse(Where(depth_) + ".b64 is not valid base64 (RFC 4648, section 4)");
    strings_size_ += *size;
  }
  if (!found) return Refuse(Where(depth_) + " is an empty object, expected {\"b64\": \"...\"}");
  return AppendString({});
}

// Ends the current string with `text`.
bool TensorReader::AppendString(std::string_view text) {
  if (!text.empty()) {
    GrowStrings(text.size());
    std::memcpy(strings_.mutable_data() + strings_size_, text.data(), text.size());
    strings_size_ += text.size();
  }
  auto* offsets = reinterpret_cast<std::uint64_t*>(elements_.mutable_data());
  offsets[++count_] = strings_size_;
  return true;
}

// The type of a model that does not say: what the first element is.
void TensorReader::DecideType(Value& value) {
  const std::string_view token = value.raw_json_token();
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
    case '{':
      dtype_ = DType::kBytes;
      return;
    case 't':
    case 'f':
      dtype_ = DType::kBool;
      return;
    default:
      break;
  }
  const std::string_view digits = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  const bool whole = digits.find_first_not_of("-0123456789") == std::string_view::npos;
  dtype_ = whole ? DType::kInt64 : DType::kFp32;
}

void TensorReader::TurnIntoFloats() {
  // In place, front to back: a float takes no more room than the integer it replaces.
  std::byte* const data = elements_.mutable_data();
  for (std::size_t i = 0; i < count_; ++i) {
    std::int64_t whole = 0;
    std::memcpy(&whole, data + i * sizeof whole, sizeof whole);
    const auto real = static_cast<float>(whole);
    std::memcpy(data + i * sizeof real, &real, sizeof real);
  }
  dtype_ = DType::kFp32;
}

// Room for at least one more element: at first for what the signature tells, then for as many as
// the rest of the body will hold if it goes on as it began.
void TensorReader::Grow() {
  const std::size_t limit = body_.text.size() / 2 + 1;  // an element takes two bytes: "0,"
  std::size_t wanted = kFirstCapacity;
  if (count_ > 0) {
    const char* at = nullptr;
    wanted = count_ * 2;
    if (body_.document.current_location().get(at) == simdjson::SUCCESS) {
      const auto used = static_cast<double>(at - body_.text.data() + 1);
      const double share = static_cast<double>(count_) / used * 1.05;
      wanted = std::max(count_ + count_ / 2,
                        static_cast<std::size_t>(share * static_cast<double>(body_.text.size())));
    }
  } else if (spec_.shape) {
    Shape row = *spec_.shape;
    for (std::size_t i = 0; i < row.rank(); ++i) row[i] = std::max<std::int64_t>(row[i], 1);
    wanted = std::max(wanted, static_cast<std::size_t>(row.ElementCount().value_or(1)));
  }
  capacity_ = std::max(std::min(wanted, limit), count_ + 1);
  const std::size_t size = StoredSize(dtype_);
  const std::size_t ends = dtype_ == DType::kBytes ? 1 : 0;
  Buffer larger = Buffer::Allocate((capacity_ + ends) * size);
  if (count_ > 0) {
    std::memcpy(larger.mutable_data(), elements_.data(), (count_ + ends) * size);
  } else if (ends == 1) {
    std::memset(larger.mutable_data(), 0, size);
  }
  elements_ = std::move(larger);
}

// Room for `needed` more bytes of strings.
void TensorReader::GrowStrings(std::size_t needed) {
  if (strings_size_ + needed <= strings_.size()) return;
  Buffer larger = Buffer::Allocate(std::max(strings_size_ + needed, strings_size_ * 2));
  if (strings_size_ > 0) std::memcpy(larger.mutable_data(), strings_.data(), strings_size_);
  strings_ = std::move(larger);
}

template <typename T>
void TensorReader::Put(T element) {
  reinterpret_cast<T*>(elements_.mutable_data())[count_++] = element;
}

bool TensorReader::Refuse(std::string what) {
  error_ = {Code::kInvalidArgument, "input '" + spec_.name + "': " + std::move(what)};
  return false;
}

bool TensorReader::RefuseValue(Value& value, std::string_view expected) {
  const std::string token = ShownToken(value);
  if (token.empty() || std::string_view(",:]}").find(token.front()) != std::string_view::npos) {
    error_ = body_.Malformed(simdjson::TAPE_ERROR);
    return false;
  }
  std::string message = Where(depth_) + " is " + token + ", expected ";
  message += expected.empty() ? Expected() : std::string(expected);
  if (LooksLikeNonFinite(token)) {
    message += "; JSON has no NaN and no Infinity: write null for a missing value";
  }
  return Refuse(std::move(message));
}

// "inputs[3][17]": the first `levels` numbers of the index.
std::string TensorReader::Where(std::size_t levels) const {
  std::string where = "inputs";
  if (form_ == Form::kByName) where += '.' + spec_.name;
  for (std::size_t i = 0; i < levels; ++i) {
    where += '[';
    where += std::to_string(index_[i]);
    where += ']';
    if (i == 0 && form_ == Form::kRows) where += '.' + spec_.name;
  }
  return where;
}

std::string TensorReader::Expected() const {
  const auto named = [this](std::string text) {
    return std::move(text) + " (" + std::string(NameOf(dtype_)) + ")";
  };
  switch (dtype_) {
    case DType::kBool:
      return named("true, false, 0 or 1");
    case DType::kInt8:
      return named(RangeOf<std::int8_t>());
    case DType::kInt16:
      return named(RangeOf<std::int16_t>());
    case DType::kInt32:
      return named(RangeOf<std::int32_t>());
    case DType::kInt64:
      return named(RangeOf<std::int64_t>());
    case DType::kUint8:
      return named(RangeOf<std::uint8_t>());
    case DType::kUint16:
      return named(RangeOf<std::uint16_t>());
    case DType::kUint32:
      return named(RangeOf<std::uint32_t>());
    case DType::kUint64:
      return named(RangeOf<std::uint64_t>());
    case DType::kBytes:
      return named("a string or {\"b64\": \"...\"}");
    default:
      return "a number that fits " + std::string(NameOf(dtype_));
  }
}

Result<Shape> TensorReader::FinalShape() const {
  Shape shape;
  if (rank_ != kUnknown) {
    if (missing_batch_ == 1) shape.Append(1);
    for (std::size_t i = 0; i < rank_; ++i) shape.Append(dims_[i]);
    return shape;
  }
  // Nothing but empty arrays: the model's shape says what they were to hold.
  const std::size_t rank = spec_.shape ? std::max(spec_.shape->rank(), deepest_) : deepest_;
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t told = spec_.shape && i < spec_.shape->rank() ? (*spec_.shape)[i] : -1;
    shape.Append(i < deepest_ ? dims_[i] : std::max<std::int64_t>(told, 0));
  }
  if (spec_.shape && !spec_.shape->Admits(shape)) {
    return Fail(Code::kInvalidArgument, "input '" + spec_.name + "' has shape " + shape.ToString() +
                                            ", expected " + spec_.shape->ToString());
  }
  return shape;
}

Result<Tensor> TensorReader::Finish() {
  const auto shape = FinalShape();
  if (!shape) return Fail(shape.error());
  if (dtype_ == DType::kAny) dtype_ = DType::kFp32;
  const bool strings = dtype_ == DType::kBytes;
  if (strings && capacity_ == 0) Grow();
  const auto trimmed = [](const Buffer& buffer, std::size_t size) {
    const Buffer used = buffer.Slice(0, size);
    return buffer.size() - size > std::max(size, kTolerableSlack) ? Buffer::Copy(used.bytes())
                                                                  : used;
  };
  Buffer elements = trimmed(elements_, (count_ + (strings ? 1 : 0)) * StoredSize(dtype_));
  auto tensor =
      strings ? Tensor::FromStrings(*shape, trimmed(strings_, strings_size_), std::move(elements))
              : Tensor::FromBuffer(dtype_, *shape, std::move(elements));
  if (!tensor) return Fail(tensor.error().Annotate("input '" + spec_.name + "'"));
  return tensor;
}

}  // namespace plinth::api
