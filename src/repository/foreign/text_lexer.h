// The tokens of the text form of protocol buffers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"
#include "repository/foreign/text_proto.h"

namespace plinth::text_proto {

struct Token {
  enum class Kind { kEnd, kWord, kNumber, kString, kSymbol };

  Kind kind = Kind::kEnd;
  Position at;
  std::string text;  // of a string its bytes, without quotes and escapes

  bool Is(char symbol) const { return kind == Kind::kSymbol && text.front() == symbol; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // The next token, kEnd for ever once there are no more. INVALID_ARGUMENT for characters, numbers
  // and strings that are none.
  Result<Token> Next();

 private:
  bool AtEnd() const { return next_ == text_.size(); }
  char Peek(std::size_t ahead = 0) const {
    return next_ + ahead < text_.size() ? text_[next_ + ahead] : '\0';
  }
  char Take();
  void SkipSpace();
  Result<Token> Number(Token token);
  Result<Token> String(Token token);
  // What a backslash, which has been taken, begins.
  Status Escape(Position at, std::string& bytes);
  Status CodePoint(Position at, int digits, std::string& bytes);

  const std::string_view text_;
  std::size_t next_ = 0;
  Position at_;
};

}  // namespace plinth::text_proto
