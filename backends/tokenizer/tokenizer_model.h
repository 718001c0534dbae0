// The step as a model: texts in, the numbers of their pieces out; calls from many threads.
#pragma once

#include <cstddef>
#include <memory>

#include "common/backend_kit.h"
#include "tokenizer/word_pieces.h"

namespace plinth::tokenizer {

struct Settings {
  WordRules rules;
  std::size_t max_length = 512;  // of a text's pieces, the special tokens included
  bool full = false;             // all texts are made max_length long, not as long as the longest
};

class TokenizerModel {
 public:
  // The path is that of a vocab.txt.
  static kit::Result<std::unique_ptr<TokenizerModel>> Load(const plinth_load_request& request);

  TokenizerModel(WordPieces pieces, const Settings& settings);

  const plinth_signature* signature() const { return signature_.view(); }
  kit::Status Warm() { return {}; }
  kit::Status Execute(const plinth_execute_request& request, kit::OutputWriter& outputs);

 private:
  const WordPieces pieces_;
  const Settings settings_;
  const kit::Signature signature_;
};

}  // namespace plinth::tokenizer
