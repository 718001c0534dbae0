// UBJSON (https://ubjson.org, draft 12): a byte that says the type stands before each value;
// numbers are big-endian. "[$d#L" begins an array whose elements are all of one type and counted.
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "boosting/json.h"

namespace plinth::sklearn {
namespace {

class Reader {
 public:
  Reader(std::string_view bytes, ReadLimits& limits) : bytes_(bytes), limits_(limits) {}

  // Invariant: once `problem_` is set, what is read means nothing and the end is near.
  Result<Json> ReadAll() {
    Json json = ReadValue(TakeType(), 0);
    if (problem_ == nullptr && at_ != bytes_.size()) problem_ = "has bytes behind its end";
    if (problem_ == nullptr) return json;
    return Fail(Code::kInvalidModel, std::string("the UBJSON of the model ") + problem_ +
                                         " (at byte " + std::to_string(at_) + ")");
  }

 private:
  void Refuse(const char* problem) {
    if (problem_ == nullptr) problem_ = problem;
  }
  bool ok() const { return problem_ == nullptr; }

  char Peek() const { return at_ < bytes_.size() ? bytes_[at_] : '\0'; }
  std::string_view Take(std::size_t size) {
    if (size > bytes_.size() - at_) {
      Refuse("ends too early");
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  // The next type; no-ops are passed over.
  char TakeType() {
    while (Peek() == 'N') ++at_;
    const std::string_view type = Take(1);
    return type.empty() ? '\0' : type[0];
  }
  bool TakeIf(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  // How many bytes a number of the type has; nothing if it is not one of numbers.
  static std::optional<std::size_t> SizeOf(char type) {
    switch (type) {
      case 'i':
      case 'U':
        return 1;
      case 'I':
        return 2;
      case 'l':
      case 'd':
        return 4;
      case 'L':
      case 'D':
        return 8;
      default:
        return std::nullopt;
    }
  }

  // `bytes` has SizeOf(type) bytes.
  static std::uint64_t BigEndian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  static std::int64_t ToInteger(char type, std::uint64_t bits) {
    switch (type) {
      case 'i':
        return static_cast<std::int8_t>(bits);
      case 'I':
        return static_cast<std::int16_t>(bits);
      case 'l':
        return static_cast<std::int32_t>(bits);
      default:
        return static_cast<std::int64_t>(bits);
    }
  }

  static double ToNumber(char type, std::string_view bytes) {
    const std::uint64_t bits = BigEndian(bytes);
    if (type == 'd') return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (type == 'D') return std::bit_cast<double>(bits);
    return static_cast<double>(ToInteger(type, bits));
  }

  std::size_t TakeLength() {
    const char type = TakeType();
    const auto size = SizeOf(type);
    if (!size || type == 'd' || type == 'D') {
      Refuse("has a length that is not a whole number");
      return 0;
    }
    const std::int64_t length = ToInteger(type, BigEndian(Take(*size)));
    if (length >= 0) return static_cast<std::size_t>(length);
    Refuse("has a negative length");
    return 0;
  }

  std::string TakeText(std::size_t length) {
    const std::string_view text = Take(length);
    if (!limits_.Charge(text.size())) Refuse("takes too much memory");
    return std::string(text);
  }

  Json ReadValue(char type, int depth) {
    Json json;
    if (depth > Json::kMaxDepth) Refuse("is nested too deep");
    if (!ok()) return json;
    if (const auto size = SizeOf(type)) {
      json.type = Json::Type::kNumber;
      json.number = ToNumber(type, Take(*size));
      return json;
    }
    switch (type) {
      case 'Z':
        return json;
      case 'T':
      case 'F':
        json.type = Json::Type::kNumber;
        json.number = type == 'T' ? 1 : 0;
        return json;
      case 'C':
      case 'S':
        json.type = Json::Type::kText;
        json.text = TakeText(type == 'C' ? 1 : TakeLength());
        return json;
      case '[':
        return ReadArray(depth);
      case '{':
        return ReadObject(depth);
      default:
        Refuse("has a value of a type that is not known");
        return json;
    }
  }

  Json ReadArray(int depth) {
    Json json;
    json.type = Json::Type::kArray;
    if (TakeIf('$')) {
      ReadNumbers(json);
      return json;
    }
    // A counted array has no end; every element takes a byte at least.
    const bool counted = TakeIf('#');
    const std::size_t count = counted ? TakeLength() : bytes_.size();
    for (std::size_t i = 0; ok() && i < count; ++i) {
      const char type = TakeType();
      if (!counted && type == ']') break;
      if (!json.Append(ReadValue(type, depth + 1), limits_)) Refuse("takes too much memory");
    }
    return json;
  }

  void ReadNumbers(Json& json) {
    const char type = TakeType();
    const auto size = SizeOf(type);
    if (!size || !TakeIf('#')) return Refuse("has an array of one type that is not of numbers");
    const std::size_t count = TakeLength();
    if (count > (bytes_.size() - at_) / *size) return Refuse("ends too early");
    if (!limits_.Charge(count * sizeof(double))) return Refuse("takes too much memory");
    json.numbers.resize(count);
    const std::string_view bytes = Take(count * *size);
    for (std::size_t i = 0; i < count; ++i) {
      json.numbers[i] = ToNumber(type, bytes.substr(i * *size, *size));
    }
  }

  Json ReadObject(int depth) {
    Json json;
    json.type = Json::Type::kObject;
    if (Peek() == '$') Refuse("has an object of one type, which XGBoost does not write");
    const bool counted = TakeIf('#');
    const std::size_t count = counted ? TakeLength() : bytes_.size();
    for (std::size_t i = 0; ok() && i < count; ++i) {
      while (TakeIf('N')) continue;
      if (!counted && TakeIf('}')) break;
      std::string key = TakeText(TakeLength());
      Json member = ReadValue(TakeType(), depth + 1);
      if (!json.AddMember(std::move(key), std::move(member), limits_)) {
        Refuse("takes too much memory");
      }
    }
    return json;
  }

  std::string_view bytes_;
  ReadLimits& limits_;
  std::size_t at_ = 0;
  const char* problem_ = nullptr;
};

}  // namespace

Result<Json> ParseUbjson(std::string_view bytes, ReadLimits& limits) {
  return Reader(bytes, limits).ReadAll();
}

}  // namespace plinth::sklearn
