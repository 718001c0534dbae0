#include "api/tfserving/json_tree.h"

#include <charconv>
#include <system_error>
#include <utility>

namespace plinth::api::tfserving {
namespace {

using Kind = JsonValue::Kind;

constexpr const char* kInvalidValue = "Invalid value.";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::expected<JsonValue, JsonFault> Parse() {
    SkipBlanks();
    if (at_ == text_.size()) return Fault("The document is empty.");
    JsonValue root;
    if (!Value(root, 0)) return std::unexpected(std::move(fault_));
    SkipBlanks();
    if (at_ < text_.size()) return Fault("The document root must not be followed by other values.");
    return root;
  }

 private:
  std::unexpected<JsonFault> Fault(const char* what) {
    return std::unexpected(JsonFault{what, at_});
  }
  bool Fail(const char* what) {
    fault_ = {what, at_};
    return false;
  }

  // '\0' at the end.
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipBlanks() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  void SkipDigits() {
    while (IsDigit(Peek())) ++at_;
  }

  bool Value(JsonValue& value, std::size_t depth) {
    switch (Peek()) {
      case 'n':
        return Word("null", Kind::kNull, value);
      case 't':
        return Word("true", Kind::kTrue, value);
      case 'f':
        return Word("false", Kind::kFalse, value);
      case '"':
        return String(value);
      case '{':
        return Object(value, depth);
      case '[':
        return Array(value, depth);
      default:
        return Number(value);
    }
  }

  bool Word(std::string_view word, Kind kind, JsonValue& value) {
    for (const char c : word) {
      if (!Take(c)) return Fail(kInvalidValue);
    }
    value.kind = kind;
    return true;
  }

  bool Array(JsonValue& value, std::size_t depth) {
    if (depth == JsonValue::kMaxDepth) return Fail("");
    value.kind = Kind::kArray;
    ++at_;
    SkipBlanks();
    if (Take(']')) return true;
    while (true) {
      if (!Value(value.children.emplace_back(), depth + 1)) return false;
      SkipBlanks();
      if (Take(']')) return true;
      if (!Take(',')) return Fail("Missing a comma or ] after an array element.");
      SkipBlanks();
    }
  }

  bool Object(JsonValue& value, std::size_t depth) {
    if (depth == JsonValue::kMaxDepth) return Fail("");
    value.kind = Kind::kObject;
    ++at_;
    SkipBlanks();
    if (Take('}')) return true;
    while (true) {
      if (Peek() != '"') return Fail("Missing a name for object member.");
      if (!String(value.children.emplace_back())) return false;
      SkipBlanks();
      if (!Take(':')) return Fail("Missing a colon after a name of object member.");
      SkipBlanks();
      if (!Value(value.children.emplace_back(), depth + 1)) return false;
      SkipBlanks();
      if (Take('}')) return true;
      if (!Take(',')) return Fail("Missing a comma or } after an object member.");
      SkipBlanks();
    }
  }

  bool String(JsonValue& value) {
    value.kind = Kind::kString;
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) return Fail("Invalid encoding in string.");
      if (c == '\\' && !Escape()) return false;
      ++at_;
    }
    if (at_ == text_.size()) return Fail("Missing a closing quotation mark in string.");
    value.token = text_.substr(begin, at_ - begin);
    ++at_;
    return true;
  }

  // Leaves at_ on the last character of the escape.
  bool Escape() {
    const std::size_t begin = at_++;
    const char kind = Peek();
    if (kind == 'u') {
      for (int i = 0; i < 4; ++i) {
        ++at_;
        const char c = Peek();
        if (IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) continue;
        at_ = begin;
        return Fail("Incorrect hex digit after \\u escape in string.");
      }
      return true;
    }
    if (kind != '\0' && std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos)
      return true;
    at_ = begin;
    return Fail("Invalid escape character in string.");
  }

  bool Number(JsonValue& value) {
    value.kind = Kind::kNumber;
    const std::size_t begin = at_;
    Take('-');
    if (Peek() == 'N' || Peek() == 'I') {
      if (!NonFinite()) return Fail(kInvalidValue);
    } else {
      if (!IsDigit(Peek())) return Fail(kInvalidValue);
      if (!Take('0')) SkipDigits();
      if (Take('.')) {
        if (!IsDigit(Peek())) return Fail("Miss fraction part in number.");
        SkipDigits();
      }
      if (Take('e') || Take('E')) {
        if (!Take('+')) Take('-');
        if (!IsDigit(Peek())) return Fail("Miss exponent in number.");
        SkipDigits();
      }
    }
    value.token = text_.substr(begin, at_ - begin);
    return true;
  }

  bool NonFinite() {
    for (const std::string_view word : {"NaN", "Infinity", "Inf"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  JsonFault fault_;
};

// Writes `value`, until there is enough text.
void WritePretty(const JsonValue& value, std::size_t indent, std::string& text) {
  constexpr std::size_t kEnough = 1000;
  if (text.size() > kEnough) return;
  const auto line = [&](std::size_t blanks) { text.append(1, '\n').append(blanks, ' '); };
  switch (value.kind) {
    case Kind::kNull:
      text += "null";
      return;
    case Kind::kTrue:
      text += "true";
      return;
    case Kind::kFalse:
      text += "false";
      return;
    case Kind::kString:
      text.append("\"").append(value.token.substr(0, kEnough)).append("\"");
      return;
    case Kind::kNumber:
      text += value.token.substr(0, kEnough);
      return;
    case Kind::kObject:
    case Kind::kArray:
      break;
  }
  const bool object = value.IsObject();
  text += object ? '{' : '[';
  for (std::size_t i = 0; i < value.children.size() && text.size() <= kEnough; ++i) {
    if (i > 0) text += ',';
    line(indent + 4);
    WritePretty(value.children[i], indent + 4, text);
    if (!object) continue;
    text += ": ";
    WritePretty(value.children[++i], indent + 4, text);
  }
  if (text.size() > kEnough) {
    text.append(text.ends_with("...") ? "" : "...");
    return;
  }
  if (!value.children.empty()) line(indent);
  text += object ? '}' : ']';
}

}  // namespace

bool JsonValue::IsWhole(std::int64_t least, std::uint64_t most) const {
  if (!IsNumber()) return false;
  const char* const end = token.data() + token.size();
  const bool negative = token.starts_with('-');
  std::int64_t signed_number = 0;
  std::uint64_t number = 0;
  const auto [at, error] = negative ? std::from_chars(token.data(), end, signed_number)
                                    : std::from_chars(token.data(), end, number);
  if (error != std::errc() || at != end) return false;
  return negative ? signed_number >= least : number <= most;
}

std::string_view JsonValue::KindName() const {
  constexpr std::string_view kNames[] = {"Null",  "False",  "True",  "Object",
                                         "Array", "String", "Number"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string JsonValue::Text() const {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '\\' || token[i + 1] == 'u') {
      text += token[i];
      continue;
    }
    constexpr std::string_view kLetters = "bfnrt";
    const std::size_t letter = kLetters.find(token[++i]);
    text += letter == std::string_view::npos ? token[i] : "\b\f\n\r\t"[letter];
  }
  return text;
}

const JsonValue* JsonValue::Find(std::string_view name) const {
  if (!IsObject()) return nullptr;
  for (std::size_t i = 0; i < children.size(); i += 2) {
    const JsonValue& key = children[i];
    const bool escaped = key.token.find('\\') != std::string_view::npos;
    if (escaped ? key.Text() == name : key.token == name) return &children[i + 1];
  }
  return nullptr;
}

std::string JsonValue::Pretty() const {
  std::string text;
  WritePretty(*this, 0, text);
  return text;
}

std::expected<JsonValue, JsonFault> ParseJsonTree(std::string_view text) {
  return Parser(text).Parse();
}

}  // namespace plinth::api::tfserving
