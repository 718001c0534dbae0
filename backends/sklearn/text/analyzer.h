// From a document to its terms: scikit-learn's analyzers "word", "char" and "char_wb".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/pattern.h"
#include "text/unicode.h"
#include "text/vocabulary.h"

namespace plinth::sklearn {

enum class AnalyzerKind : std::uint8_t { kWord, kChar, kCharWithinWords };

struct AnalyzerSettings {
  AnalyzerKind kind = AnalyzerKind::kWord;
  bool lowercase = true;
  Accents accents = Accents::kKeep;
  std::size_t min_n = 1;  // 1 <= min_n <= max_n
  std::size_t max_n = 1;
  // kWord: tokens are runs of at least this many word characters, unless there is a pattern.
  std::size_t shortest = 2;
  std::optional<Pattern> pattern;
  Vocabulary stop_words;
};

class Analyzer {
 public:
  explicit Analyzer(AnalyzerSettings settings) : settings_(std::move(settings)) {}

  // Working memory; keeps it between documents.
  struct Buffers {
    std::string lowered;
    std::string stripped;
    std::string spaced;  // what n-grams are cut from
    std::vector<std::size_t> begins;
    std::vector<std::size_t> ends;
    Pattern::Machine machine;
  };

  // Calls found(term) for each term of the document, which must be well-formed UTF-8. A term is
  // valid during the call only.
  template <typename Found>
  void FindTerms(std::string_view document, Buffers& buffers, Found found) const;

 private:
  std::string_view Preprocess(std::string_view document, Buffers& buffers) const;

  // Calls found(token) for each.
  template <typename Found>
  void FindTokens(std::string_view text, Buffers& buffers, Found found) const;

  // Each writes a text with what is between n-grams made one space, and where its units (words or
  // characters) begin and end.
  void JoinTokens(std::string_view text, Buffers& buffers) const;
  static void CollapseSpaces(std::string_view text, Buffers& buffers);
  static void PadWords(std::string_view text, Buffers& buffers);

  template <typename Found>
  void FindRuns(const Buffers& buffers, std::size_t first, std::size_t last, Found found) const;
  template <typename Found>
  void FindWithinWords(const Buffers& buffers, Found found) const;

  AnalyzerSettings settings_;
};

// The next run of at least `shortest` word characters from `at` on, which is moved behind it. Empty
// if there is none.
std::string_view NextWord(std::string_view text, std::size_t shortest, std::size_t& at);

template <typename Found>
void Analyzer::FindTokens(std::string_view text, Buffers& buffers, Found found) const {
  const auto unless_stopped = [&](std::string_view token) {
    if (settings_.stop_words.Find(token) == Vocabulary::kNone) found(token);
  };
  if (settings_.pattern) {
    settings_.pattern->FindAll(text, buffers.machine, unless_stopped);
    return;
  }
  std::size_t at = 0;
  for (;;) {
    const std::string_view word = NextWord(text, settings_.shortest, at);
    if (word.empty()) return;
    unless_stopped(word);
  }
}

// The n-grams of units first, first + 1, ..., last - 1.
template <typename Found>
void Analyzer::FindRuns(const Buffers& buffers, std::size_t first, std::size_t last,
                        Found found) const {
  const std::string_view text = buffers.spaced;
  for (std::size_t n = settings_.min_n; n <= settings_.max_n && n <= last - first; ++n) {
    for (std::size_t i = first; i + n <= last; ++i) {
      const std::size_t begin = buffers.begins[i];
      found(text.substr(begin, buffers.ends[i + n - 1] - begin));
    }
  }
}

// The n-grams of each word with the spaces on either side. One that is shorter than all of them
// counts as it is.
template <typename Found>
void Analyzer::FindWithinWords(const Buffers& buffers, Found found) const {
  const std::string_view text = buffers.spaced;
  std::size_t first = 0;
  for (std::size_t last = 1; last < buffers.begins.size(); ++last) {
    if (text[buffers.begins[last]] != ' ') continue;
    FindRuns(buffers, first, last + 1, found);
    if (last + 1 - first < settings_.min_n) {
      found(text.substr(buffers.begins[first], buffers.ends[last] - buffers.begins[first]));
    }
    first = last;
  }
}

template <typename Found>
void Analyzer::FindTerms(std::string_view document, Buffers& buffers, Found found) const {
  const std::string_view text = Preprocess(document, buffers);
  if (settings_.kind == AnalyzerKind::kWord && settings_.max_n == 1) {
    FindTokens(text, buffers, found);
  } else if (settings_.kind == AnalyzerKind::kCharWithinWords) {
    PadWords(text, buffers);
    FindWithinWords(buffers, found);
  } else {
    settings_.kind == AnalyzerKind::kWord ? JoinTokens(text, buffers)
                                          : CollapseSpaces(text, buffers);
    FindRuns(buffers, 0, buffers.begins.size(), found);
  }
}

}  // namespace plinth::sklearn
