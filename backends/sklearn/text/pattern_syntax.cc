#include "text/pattern_syntax.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace plinth::sklearn {
namespace {

using Kind = PatternNode::Kind;
using NodePtr = std::unique_ptr<PatternNode>;
using Place = Instruction::Place;

// The first thing that is wrong is kept in error_; functions then return null or nothing.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text) {}

  Result<ParsedPattern> Parse();

 private:
  struct Flags {
    bool multiline = false;
    bool dot_all = false;
  };

  NodePtr ParseAlternatives(int depth);
  NodePtr ParseSequence(int depth);
  NodePtr ParseRepeats(NodePtr node);
  bool ParseBounds(std::uint32_t& least, std::uint32_t& most);
  NodePtr ParseItem(int depth);
  NodePtr ParseParentheses(int depth);
  bool ParseFlags();
  NodePtr ParseEscape();
  NodePtr ParseClass();
  bool ParseClassItem(CharacterSet& set);
  std::optional<CharacterSet::Kind> KindOf(char letter) const;
  std::optional<char32_t> ParseEscapedCharacter();
  std::optional<char32_t> ParseHex(std::size_t digits);
  std::optional<char32_t> ParseOctal();

  NodePtr Set(CharacterSet set);
  NodePtr Character(char32_t c);
  NodePtr Assert(Place place);

  bool AtEnd() const { return at_ == text_.size(); }
  bool Next(char c) const { return !AtEnd() && text_[at_] == c; }
  bool Skip(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  std::nullptr_t Fail(std::string_view what);

  std::string_view text_;
  std::size_t at_ = 0;
  Flags flags_;
  ParsedPattern parsed_;
  std::string error_;
};

NodePtr Make(Kind kind) {
  auto node = std::make_unique<PatternNode>();
  node->kind = kind;
  return node;
}

// Whether it may match no character at all.
bool MayBeEmpty(const PatternNode& node) {
  const auto part_may = [](const NodePtr& part) { return MayBeEmpty(*part); };
  switch (node.kind) {
    case Kind::kSet:
      return false;
    case Kind::kAssert:
      return true;
    case Kind::kSequence:
      return std::ranges::all_of(node.parts, part_may);
    case Kind::kAlternatives:
      return std::ranges::any_of(node.parts, part_may);
    case Kind::kRepeat:
    case Kind::kGroup:
      return (node.kind == Kind::kRepeat && node.least == 0) || MayBeEmpty(*node.parts[0]);
  }
  return true;
}

std::nullptr_t PatternParser::Fail(std::string_view what) {
  if (error_.empty()) error_ = what;
  return nullptr;
}

Result<ParsedPattern> PatternParser::Parse() {
  while (Skip("(?") && ParseFlags()) {
    if (!Skip(")")) Fail("flags for a part of it");
  }
  if (error_.empty()) parsed_.root = ParseAlternatives(0);
  if (error_.empty() && !AtEnd()) Fail("a parenthesis that was never opened");
  if (!error_.empty()) {
    return plinth::Fail(Code::kInvalidModel, "the pattern '" + std::string(text_) + "' has " +
                                                 error_ + ", which cannot be served");
  }
  return std::move(parsed_);
}

// The letters of (?letters), or gives "(?" back if there are none.
bool PatternParser::ParseFlags() {
  const std::size_t begin = at_;
  for (; !AtEnd(); ++at_) {
    switch (text_[at_]) {
      case 'a':
        parsed_.ascii = true;
        break;
      case 'm':
        flags_.multiline = true;
        break;
      case 's':
        flags_.dot_all = true;
        break;
      case 'u':
        break;
      case 'i':
        Fail("the flag i (lowercase=True has the same use)");
        return false;
      case 'x':
      case 'L':
        Fail("the flag x or L");
        return false;
      default:
        if (at_ == begin) at_ = begin - 2;
        return at_ >= begin;
    }
  }
  Fail("a parenthesis that is not closed");
  return false;
}

NodePtr PatternParser::ParseAlternatives(int depth) {
  constexpr int kMaxDepth = 50;
  if (depth > kMaxDepth) return Fail("parentheses nested more than fifty deep");
  NodePtr alternatives = Make(Kind::kAlternatives);
  do {
    NodePtr sequence = ParseSequence(depth);
    if (sequence == nullptr) return nullptr;
    alternatives->parts.push_back(std::move(sequence));
  } while (Skip("|"));
  if (alternatives->parts.size() == 1) return std::move(alternatives->parts.front());
  return alternatives;
}

NodePtr PatternParser::ParseSequence(int depth) {
  NodePtr sequence = Make(Kind::kSequence);
  while (!AtEnd() && !Next('|') && !Next(')')) {
    NodePtr item = ParseItem(depth);
    if (item != nullptr) item = ParseRepeats(std::move(item));
    if (item == nullptr) return nullptr;
    sequence->parts.push_back(std::move(item));
  }
  return sequence;
}

NodePtr PatternParser::ParseRepeats(NodePtr node) {
  std::uint32_t least = 0;
  std::uint32_t most = PatternNode::kNoLimit;
  if (Skip("+")) {
    least = 1;
  } else if (Skip("?")) {
    most = 1;
  } else if (!Skip("*") && !ParseBounds(least, most)) {
    return node;
  }
  // Python stops in its own way once a part has matched nothing.
  if (most > 1 && most != least && MayBeEmpty(*node)) {
    return Fail("a repetition of what may be empty");
  }
  NodePtr repeat = Make(Kind::kRepeat);
  repeat->least = least;
  repeat->most = most;
  repeat->greedy = !Skip("?");
  repeat->parts.push_back(std::move(node));
  if (Next('+') || Next('*') || Next('?')) return Fail("a possessive or a repeated repetition");
  return repeat;
}

// {m}, {m,}, {,n} or {m,n}; anything else after a brace is literal.
bool PatternParser::ParseBounds(std::uint32_t& least, std::uint32_t& most) {
  const std::size_t close = text_.find('}', at_);
  if (!Next('{') || close == std::string_view::npos) return false;
  const char* begin = text_.data() + at_ + 1;
  const char* end = text_.data() + close;
  const auto first = std::from_chars(begin, end, least);
  if (first.ec == std::errc::result_out_of_range) return false;
  const char* next = first.ptr;
  most = least;
  if (next == end && next == begin) return false;
  if (next != end) {
    if (*next++ != ',') return false;
    most = PatternNode::kNoLimit;
    const auto second = std::from_chars(next, end, most);
    if (second.ptr != end || second.ec == std::errc::result_out_of_range) return false;
  }
  at_ = close + 1;
  if (most < least) Fail("a repetition of more than its most");
  return true;
}

NodePtr PatternParser::ParseItem(int depth) {
  if (Next('*') || Next('+') || Next('?')) return Fail("nothing to repeat");
  if (Skip("(")) return ParseParentheses(depth);
  if (Skip("[")) return ParseClass();
  if (Skip("\\")) return ParseEscape();
  if (Skip("^")) return Assert(flags_.multiline ? Place::kLineStart : Place::kTextStart);
  if (Skip("$")) return Assert(flags_.multiline ? Place::kLineEnd : Place::kBeforeLastNewline);
  if (Skip(".")) {
    CharacterSet all;
    if (!flags_.dot_all) all.Add('\n', '\n');
    all.Negate();
    return Set(std::move(all));
  }
  return Character(NextCharacter(text_, at_));
}

NodePtr PatternParser::ParseParentheses(int depth) {
  bool group = true;
  if (Skip("?P<")) {
    const std::size_t close = text_.find('>', at_);
    if (close == std::string_view::npos) return Fail("a name that does not end");
    at_ = close + 1;
  } else if (Skip("?:")) {
    group = false;
  } else if (Next('?')) {
    return Fail("a look around, a reference, or flags for a part of it");
  }
  if (group && ++parsed_.groups > 1) return Fail("more than one capturing group");
  NodePtr inner = ParseAlternatives(depth + 1);
  if (inner == nullptr) return nullptr;
  if (!Skip(")")) return Fail("a parenthesis that is not closed");
  if (!group) return inner;
  NodePtr node = Make(Kind::kGroup);
  node->parts.push_back(std::move(inner));
  return node;
}

NodePtr PatternParser::ParseEscape() {
  if (AtEnd()) return Fail("a backslash at its end");
  const char letter = text_[at_];
  if (const auto kind = KindOf(letter)) {
    ++at_;
    CharacterSet set;
    set.Add(*kind, parsed_.ascii);
    return Set(std::move(set));
  }
  if (Skip("b")) return Assert(Place::kBoundary);
  if (Skip("B")) return Assert(Place::kInside);
  if (Skip("A")) return Assert(Place::kTextStart);
  if (Skip("Z") || Skip("z")) return Assert(Place::kTextEnd);
  const auto c = ParseEscapedCharacter();
  return c ? Character(*c) : nullptr;
}

NodePtr PatternParser::ParseClass() {
  CharacterSet set;
  const bool negated = Skip("^");
  bool first = true;
  for (; first || !Next(']'); first = false) {
    if (AtEnd()) return Fail("a bracket that is not closed");
    if (!ParseClassItem(set)) return nullptr;
  }
  ++at_;
  if (negated) set.Negate();
  return Set(std::move(set));
}

// A character, a range, or \w and its like.
bool PatternParser::ParseClassItem(CharacterSet& set) {
  const auto parse_end = [&]() -> std::optional<char32_t> {
    if (!Skip("\\")) return NextCharacter(text_, at_);
    if (Skip("b")) return U'\b';
    return ParseEscapedCharacter();
  };
  if (Next('\\') && at_ + 1 < text_.size()) {
    if (const auto kind = KindOf(text_[at_ + 1])) {
      at_ += 2;
      set.Add(*kind, parsed_.ascii);
      return true;
    }
  }
  const auto low = parse_end();
  if (!low) return false;
  const bool is_range = Next('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
  if (!is_range) {
    set.Add(*low, *low);
    return true;
  }
  ++at_;
  const auto high = parse_end();
  if (!high) return false;
  if (*high < *low) Fail("a range that ends before it begins");
  set.Add(*low, *high);
  return error_.empty();
}

std::optional<CharacterSet::Kind> PatternParser::KindOf(char letter) const {
  switch (letter) {
    case 'w':
      return CharacterSet::Kind::kWord;
    case 'W':
      return CharacterSet::Kind::kNotWord;
    case 'd':
      return CharacterSet::Kind::kDigit;
    case 'D':
      return CharacterSet::Kind::kNotDigit;
    case 's':
      return CharacterSet::Kind::kSpace;
    case 'S':
      return CharacterSet::Kind::kNotSpace;
    default:
      return std::nullopt;
  }
}

// What stands behind a backslash, if it is one character.
std::optional<char32_t> PatternParser::ParseEscapedCharacter() {
  constexpr std::string_view kLetters = "afnrtv";
  constexpr std::string_view kMeanings = "\a\f\n\r\t\v";
  if (AtEnd()) {
    Fail("a backslash at its end");
    return std::nullopt;
  }
  const char letter = text_[at_];
  if (const std::size_t i = kLetters.find(letter); i != std::string_view::npos) {
    ++at_;
    return static_cast<char32_t>(kMeanings[i]);
  }
  if (Skip("x")) return ParseHex(2);
  if (Skip("u")) return ParseHex(4);
  if (Skip("U")) return ParseHex(8);
  if (letter >= '0' && letter <= '9') return ParseOctal();
  const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
  if (is_letter) {
    Fail(std::string("the escape \\") + letter);
    return std::nullopt;
  }
  return NextCharacter(text_, at_);
}

std::optional<char32_t> PatternParser::ParseHex(std::size_t digits) {
  const std::string_view hex = text_.substr(at_, digits);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  if (error != std::errc() || end != hex.data() + digits || value > 0x10ffff) {
    Fail("a broken escape");
    return std::nullopt;
  }
  at_ += digits;
  return value;
}

// \0, \0d, \0dd and \ddd; other numbers refer to groups.
std::optional<char32_t> PatternParser::ParseOctal() {
  std::size_t count = 0;
  std::uint32_t value = 0;
  while (count < 3 && at_ + count < text_.size() && text_[at_ + count] >= '0' &&
         text_[at_ + count] <= '7') {
    value = value * 8 + static_cast<std::uint32_t>(text_[at_ + count++] - '0');
  }
  if (count == 0 || (text_[at_] != '0' && count < 3) || value > 0377) {
    Fail("a reference to a group");
    return std::nullopt;
  }
  at_ += count;
  return value;
}

NodePtr PatternParser::Set(CharacterSet set) {
  NodePtr node = Make(Kind::kSet);
  node->set = static_cast<std::uint32_t>(parsed_.sets.size());
  parsed_.sets.push_back(std::move(set));
  return node;
}

NodePtr PatternParser::Character(char32_t c) {
  CharacterSet set;
  set.Add(c, c);
  return Set(std::move(set));
}

NodePtr PatternParser::Assert(Place place) {
  NodePtr node = Make(Kind::kAssert);
  node->place = place;
  return node;
}

}  // namespace

Result<ParsedPattern> ParsePattern(std::string_view pattern) {
  constexpr std::size_t kLongest = 10'000;
  if (pattern.size() > kLongest) {
    return Fail(Code::kInvalidModel, "a pattern has more than 10,000 characters");
  }
  return PatternParser(pattern).Parse();
}

}  // namespace plinth::sklearn
