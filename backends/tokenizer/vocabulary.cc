#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <utility>

namespace plinth::tokenizer {
namespace {

constexpr std::string_view kRest = "##";

// Without the white space at its end.
std::string_view Trimmed(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t\r\n\v\f");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

kit::Result<Vocabulary> Vocabulary::Read(std::string text) {
  Vocabulary read;
  read.text_ = std::make_unique<const std::string>(std::move(text));
  std::string_view rest = *read.text_;
  for (std::size_t number = 0; !rest.empty(); ++number) {
    if (number == kMostPieces) {
      return kit::Fail(PLINTH_INVALID_MODEL,
                       "the vocabulary has more than " + std::to_string(kMostPieces) + " lines");
    }
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view piece = Trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const bool goes_on = piece.size() > kRest.size() && piece.starts_with(kRest);
    if (goes_on) piece.remove_prefix(kRest.size());
    read.longest_ = std::max(read.longest_, piece.size());
    (goes_on ? read.rests_ : read.begins_)[piece] = static_cast<std::int64_t>(number);
  }
  for (const auto& [name, token] :
       {std::pair{"[UNK]", &SpecialTokens::unknown}, std::pair{"[CLS]", &SpecialTokens::begin},
        std::pair{"[SEP]", &SpecialTokens::end}, std::pair{"[PAD]", &SpecialTokens::padding}}) {
    const auto number = read.Begin(name);
    if (!number) {
      return kit::Fail(PLINTH_INVALID_MODEL,
                       "the vocabulary has no line '" + std::string(name) +
                           "': a vocab.txt of BERT's WordPiece was expected, a piece a line");
    }
    read.special_.*token = *number;
  }
  return read;
}

}  // namespace plinth::tokenizer
