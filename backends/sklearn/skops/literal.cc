#include "skops/literal.h"

#include <charconv>
#include <utility>

#include "pickle/construct.h"

namespace plinth::sklearn {
namespace {

class LiteralReader {
 public:
  LiteralReader(Document& document, std::string_view text) : document_(document), text_(text) {}

  // Null if the text is not a literal, or the budget is spent.
  Value* ReadValue(int depth);

  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }

 private:
  static constexpr int kMaxDepth = 8;

  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool Skip(std::string_view token) {
    SkipSpace();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  Value* ReadItems(Kind kind, std::string_view close, int depth);
  Value* ReadString();
  Value* ReadInt();

  Document& document_;
  std::string_view text_;
  std::size_t at_ = 0;
};

Value* LiteralReader::ReadValue(int depth) {
  if (depth > kMaxDepth) return nullptr;
  if (Skip("{")) return ReadItems(Kind::kDict, "}", depth);
  if (Skip("(")) return ReadItems(Kind::kTuple, ")", depth);
  if (Skip("[")) return ReadItems(Kind::kList, "]", depth);
  if (Skip("True")) return document_.Bool(true);
  if (Skip("False")) return document_.Bool(false);
  if (Skip("None")) return document_.None();
  if (Skip("'")) return ReadString();
  return ReadInt();
}

Value* LiteralReader::ReadItems(Kind kind, std::string_view close, int depth) {
  Value* container = document_.New(kind);
  if (container == nullptr) return nullptr;
  while (!Skip(close)) {
    for (int part = 0; part < (kind == Kind::kDict ? 2 : 1); ++part) {
      if (part == 1 && !Skip(":")) return nullptr;
      Value* item = ReadValue(depth + 1);
      if (item == nullptr || !document_.Charge(sizeof(Value*))) return nullptr;
      container->items.push_back(item);
    }
    if (Skip(",")) continue;
    return Skip(close) ? container : nullptr;
  }
  return container;
}

// Names of fields and types: no escapes.
Value* LiteralReader::ReadString() {
  const std::size_t end = text_.find('\'', at_);
  if (end == std::string_view::npos) return nullptr;
  const std::string_view content = text_.substr(at_, end - at_);
  if (content.find('\\') != std::string_view::npos) return nullptr;
  at_ = end + 1;
  return document_.NewText(Kind::kString, content);
}

Value* LiteralReader::ReadInt() {
  std::int64_t number = 0;
  const char* begin = text_.data() + at_;
  const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
  if (error != std::errc()) return nullptr;
  at_ += static_cast<std::size_t>(end - begin);
  Skip("L");  // as Python 2 wrote them
  return document_.NewInt(number);
}

}  // namespace

Result<Value*> ReadLiteral(Document& document, std::string_view text) {
  LiteralReader reader(document, text);
  Value* value = reader.ReadValue(0);
  if (value == nullptr || !reader.AtEnd()) {
    return Fail(Code::kInvalidModel, "a NumPy file's header is not a Python literal");
  }
  return value;
}

}  // namespace plinth::sklearn
