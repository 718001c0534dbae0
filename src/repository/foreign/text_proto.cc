#include "repository/foreign/text_proto.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "repository/foreign/text_lexer.h"

namespace plinth::text_proto {
namespace {

constexpr std::size_t kShownBytes = 40;

std::string Shown(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kShownBytes)) shown += c < ' ' || c == '\x7f' ? '?' : c;
  return text.size() > kShownBytes ? shown + "..." : shown;
}

std::unexpected<Error> Expected(const Token& token, std::string_view what) {
  const auto found = token.kind == Token::Kind::kEnd      ? "the end of the text"
                     : token.kind == Token::Kind::kString ? fmt::format("\"{}\"", Shown(token.text))
                                                          : fmt::format("'{}'", Shown(token.text));
  return Fail(Code::kInvalidArgument,
              At(token.at, fmt::format("expected {}, found {}", what, found)));
}

// One token ahead. Recursion is bounded by kMaxDepth.
class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Result<std::vector<Field>> Document() {
    if (auto first = Advance(); !first) return Fail(std::move(first.error()));
    std::vector<Field> fields;
    while (token_.kind != Token::Kind::kEnd) {
      if (auto read = ReadField(fields, 1); !read) return Fail(std::move(read.error()));
    }
    return fields;
  }

 private:
  Status Advance() {
    auto next = lexer_.Next();
    if (!next) return Fail(std::move(next.error()));
    token_ = *std::move(next);
    return {};
  }

  // A field and the separator behind it, if there is one.
  Status ReadField(std::vector<Field>& into, int depth) {
    Field field;
    field.at = token_.at;
    if (auto read = ReadName(field.name); !read) return read;
    const bool colon = token_.Is(':');
    if (colon) {
      if (auto next = Advance(); !next) return next;
    }
    if (auto read = ReadValues(std::move(field), into, colon, depth); !read) return read;
    return token_.Is(',') || token_.Is(';') ? Advance() : Status{};
  }

  Status ReadName(std::string& name) {
    if (token_.kind == Token::Kind::kWord) {
      name = std::move(token_.text);
      return Advance();
    }
    if (!token_.Is('[')) return Expected(token_, "the name of a field");
    do {
      name += token_.text;
      if (auto next = Advance(); !next) return next;
      const bool fits = token_.kind == Token::Kind::kWord || token_.Is('.') || token_.Is('/') ||
                        token_.Is('-') || token_.Is(']');
      if (!fits) return Expected(token_, "the name of an extension and ']'");
    } while (!token_.Is(']'));
    name += ']';
    return Advance();
  }

  Status ReadValues(Field field, std::vector<Field>& into, bool colon, int depth) {
    if (!token_.Is('[')) return ReadValue(std::move(field), into, colon, depth);
    if (auto next = Advance(); !next) return next;
    while (!token_.Is(']')) {
      Field element{.name = field.name, .at = token_.at, .text = {}, .fields = {}};
      if (auto read = ReadValue(std::move(element), into, colon, depth); !read) return read;
      if (token_.Is(']')) break;
      if (!token_.Is(',')) return Expected(token_, "',' or ']'");
      if (auto next = Advance(); !next) return next;
      if (token_.Is(']')) return Expected(token_, "a value behind ','");
    }
    return Advance();
  }

  Status ReadValue(Field field, std::vector<Field>& into, bool colon, int depth) {
    if (++fields_ > kMaxFields) {
      return Fail(Code::kInvalidArgument,
                  At(field.at, "more than " + std::to_string(kMaxFields) + " values"));
    }
    const bool message = token_.Is('{') || token_.Is('<');
    if (!message && !colon) return Expected(token_, "':' or '{' behind '" + field.name + "'");
    auto read = message ? ReadMessage(field, depth) : ReadScalar(field);
    if (read) into.push_back(std::move(field));
    return read;
  }

  Status ReadMessage(Field& field, int depth) {
    if (depth >= kMaxDepth) {
      return Fail(Code::kInvalidArgument,
                  At(token_.at, "nested deeper than " + std::to_string(kMaxDepth) + " levels"));
    }
    field.kind = Field::Kind::kMessage;
    const char end = token_.Is('{') ? '}' : '>';
    if (auto next = Advance(); !next) return next;
    while (!token_.Is(end)) {
      if (token_.kind == Token::Kind::kEnd)
        return Expected(token_, fmt::format("'{}' at the end of '{}'", end, field.name));
      if (auto read = ReadField(field.fields, depth + 1); !read) return read;
    }
    return Advance();
  }

  Status ReadScalar(Field& field) {
    if (token_.kind == Token::Kind::kString) {
      field.kind = Field::Kind::kString;
      while (token_.kind == Token::Kind::kString) {
        field.text += token_.text;
        if (auto next = Advance(); !next) return next;
      }
      return {};
    }
    if (token_.Is('-')) {
      field.text += token_.text;
      if (auto next = Advance(); !next) return next;
    }
    const bool number = token_.kind == Token::Kind::kNumber;
    if (!number && token_.kind != Token::Kind::kWord)
      return Expected(token_, "a value of '" + field.name + "'");
    field.kind = number ? Field::Kind::kNumber : Field::Kind::kWord;
    field.text += token_.text;
    return Advance();
  }

  Lexer lexer_;
  Token token_;
  std::size_t fields_ = 0;
};

// Nothing for what is no whole number or does not fit.
std::optional<std::int64_t> WholeNumber(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const bool hex = (text[1] | 0x20) == 'x';
    base = hex ? 16 : 8;
    text.remove_prefix(hex ? 2 : 1);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value > kMost) return std::nullopt;
  return negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
}

std::optional<double> AnyNumber(const Field& field) {
  std::string_view text = field.text;
  const double sign = text.starts_with('-') ? -1 : 1;
  if (sign < 0) text.remove_prefix(1);
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (field.kind == Field::Kind::kWord) {
    if (lower == "inf" || lower == "infinity")
      return sign * std::numeric_limits<double>::infinity();
    if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
    return std::nullopt;
  }
  if (field.kind != Field::Kind::kNumber) return std::nullopt;
  if (const auto whole = WholeNumber(lower)) return sign * static_cast<double>(*whole);
  if (lower.ends_with('f') && !lower.starts_with("0x")) lower.pop_back();
  double value = 0;
  const auto [end, error] = std::from_chars(lower.data(), lower.data() + lower.size(), value);
  if (error == std::errc::result_out_of_range) {
    const bool small = lower.find("e-") != std::string::npos;
    return sign * (small ? 0 : std::numeric_limits<double>::infinity());
  }
  return error == std::errc() ? std::optional(sign * value) : std::nullopt;
}

}  // namespace

std::string At(Position at, std::string_view message) {
  if (at.line == 0) return std::string(message);
  return fmt::format("{}:{}: {}", at.line, at.column, message);
}

std::unexpected<Error> Field::Refuse(std::string_view expected) const {
  const auto found = kind == Kind::kMessage ? "a message"
                     : kind == Kind::kString || kind == Kind::kQuoted
                         ? fmt::format("\"{}\"", Shown(text))
                         : Shown(text);
  return Fail(Code::kInvalidArgument,
              At(at, fmt::format("'{}' is {}, expected {}", name, found, expected)));
}

Result<std::int64_t> Field::Integer(std::int64_t least, std::int64_t most) const {
  const bool number = kind == Kind::kNumber || kind == Kind::kQuoted;
  const auto value = number ? WholeNumber(text) : std::nullopt;
  if (value && *value >= least && *value <= most) return *value;
  return Refuse("a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<double> Field::Number() const {
  if (const auto value = AnyNumber(*this)) return *value;
  return Refuse("a number");
}

Result<bool> Field::Boolean() const {
  if (kind == Kind::kWord || kind == Kind::kNumber) {
    constexpr std::array<std::string_view, 4> kTrue = {"true", "True", "t", "1"};
    constexpr std::array<std::string_view, 4> kFalse = {"false", "False", "f", "0"};
    if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
    if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
  }
  return Refuse("true or false");
}

Result<std::string> Field::Text() const {
  if (kind == Kind::kString || kind == Kind::kQuoted) return text;
  return Refuse("a string in quotes");
}

Result<std::string> Field::Word() const {
  if (kind != Kind::kString && kind != Kind::kMessage) return text;
  return Refuse("a name without quotes");
}

Status Field::Message() const {
  if (kind == Kind::kMessage) return {};
  return Refuse("a message in braces");
}

Result<std::vector<Field>> Parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Fail(Code::kInvalidArgument,
                At({}, "the text is larger than " + std::to_string(kMaxBytes >> 20) + " MiB"));
  }
  return Parser(text).Document();
}

}  // namespace plinth::text_proto
