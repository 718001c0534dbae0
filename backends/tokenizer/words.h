// A text as words, as BERT's own tokenizer has them: control characters taken out, white space and
// punctuation between words, each Chinese character and each punctuation mark a word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plinth::tokenizer {

struct WordRules {
  bool lowercase = true;
  bool strip_accents = true;
};

// What is not UTF-8 is taken out.
std::vector<std::string> WordsOf(std::string_view text, WordRules rules);

}  // namespace plinth::tokenizer
