// The pieces of words that a model knows: a vocab.txt as BERT's models have it, a piece a line,
// whose number is the line's. Pieces that go on within a word begin with "##".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/failure.h"

namespace plinth::tokenizer {

// The pieces that are no part of words.
struct SpecialTokens {
  std::int64_t unknown = 0;  // [UNK]
  std::int64_t begin = 0;    // [CLS]
  std::int64_t end = 0;      // [SEP]
  std::int64_t padding = 0;  // [PAD]
};

class Vocabulary {
 public:
  static constexpr std::size_t kMostPieces = std::size_t{1} << 22;

  // `text` is the file's. INVALID_MODEL for one without the special tokens, or with too many lines.
  static kit::Result<Vocabulary> Read(std::string text);

  Vocabulary(Vocabulary&&) = default;
  Vocabulary(const Vocabulary&) = delete;

  const SpecialTokens& special() const { return special_; }
  // A piece that begins a word, or one that goes on.
  std::optional<std::int64_t> Begin(std::string_view piece) const { return In(begins_, piece); }
  std::optional<std::int64_t> GoOn(std::string_view piece) const { return In(rests_, piece); }
  // Bytes of the longest piece.
  std::size_t longest() const { return longest_; }

 private:
  using Pieces = std::unordered_map<std::string_view, std::int64_t>;

  Vocabulary() = default;

  static std::optional<std::int64_t> In(const Pieces& pieces, std::string_view piece) {
    const auto found = pieces.find(piece);
    return found == pieces.end() ? std::nullopt : std::optional(found->second);
  }

  std::unique_ptr<const std::string> text_;  // the pieces are views of it
  Pieces begins_;
  Pieces rests_;
  SpecialTokens special_;
  std::size_t longest_ = 0;
};

}  // namespace plinth::tokenizer
