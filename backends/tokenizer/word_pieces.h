// Texts as the numbers of pieces, as BERT's WordPiece has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"
#include "tokenizer/words.h"

namespace plinth::tokenizer {

class WordPieces {
 public:
  WordPieces(Vocabulary vocabulary, WordRules rules);

  const SpecialTokens& special() const { return vocabulary_.special(); }

  // [CLS] pieces... [SEP], at most `most` in all, which is 2 or more. Special tokens that stand in
  // the text as they are written, "[MASK]", are themselves.
  std::vector<std::int64_t> Encode(std::string_view text, std::size_t most) const;

 private:
  struct Written {
    std::string_view text;
    std::int64_t number;
  };

  // Adds the pieces of a text without special tokens, or of a word.
  void AddText(std::string_view text, std::size_t most, std::vector<std::int64_t>& to) const;
  void AddWord(std::string_view word, std::vector<std::int64_t>& to) const;

  Vocabulary vocabulary_;
  WordRules rules_;
  std::vector<Written> written_;  // the special tokens that the vocabulary has
};

}  // namespace plinth::tokenizer
