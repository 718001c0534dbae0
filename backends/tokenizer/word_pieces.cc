#include "tokenizer/word_pieces.h"

#include <algorithm>
#include <utility>

namespace plinth::tokenizer {
namespace {

// Words of more characters are unknown.
constexpr std::size_t kLongestWord = 100;

bool Begins(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

}  // namespace

WordPieces::WordPieces(Vocabulary vocabulary, WordRules rules)
    : vocabulary_(std::move(vocabulary)), rules_(rules) {
  for (const std::string_view token : {"[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]"}) {
    if (const auto number = vocabulary_.Begin(token)) written_.push_back({token, *number});
  }
}

std::vector<std::int64_t> WordPieces::Encode(std::string_view text, std::size_t most) const {
  std::vector<std::int64_t> pieces{special().begin};
  const std::size_t room = most - 1;  // without the end
  while (!text.empty() && pieces.size() < room) {
    const Written* next = nullptr;
    std::size_t at = text.find('[');
    for (; at != std::string_view::npos; at = text.find('[', at + 1)) {
      const auto found = std::ranges::find_if(
          written_, [&](const Written& token) { return text.substr(at).starts_with(token.text); });
      if (found == written_.end()) continue;
      next = &*found;
      break;
    }
    AddText(text.substr(0, std::min(at, text.size())), room, pieces);
    if (next == nullptr) break;
    pieces.push_back(next->number);
    text.remove_prefix(at + next->text.size());
  }
  pieces.resize(std::min(pieces.size(), room));
  pieces.push_back(special().end);
  return pieces;
}

void WordPieces::AddText(std::string_view text, std::size_t most,
                         std::vector<std::int64_t>& to) const {
  for (const std::string& word : WordsOf(text, rules_)) {
    if (to.size() >= most) return;
    AddWord(word, to);
  }
}

// Each time the longest piece that fits.
void WordPieces::AddWord(std::string_view word, std::vector<std::int64_t>& to) const {
  const std::size_t before = to.size();
  const auto unknown = [&] {
    to.resize(before);
    to.push_back(special().unknown);
  };
  if (static_cast<std::size_t>(std::ranges::count_if(word, Begins)) > kLongestWord)
    return unknown();
  for (std::size_t at = 0; at < word.size();) {
    std::size_t size = std::min(word.size() - at, vocabulary_.longest());
    std::optional<std::int64_t> piece;
    for (; size > 0; --size) {
      if (at + size < word.size() && !Begins(word[at + size])) continue;
      const std::string_view part = word.substr(at, size);
      piece = at == 0 ? vocabulary_.Begin(part) : vocabulary_.GoOn(part);
      if (piece) break;
    }
    if (!piece) return unknown();
    to.push_back(*piece);
    at += size;
  }
}

}  // namespace plinth::tokenizer
