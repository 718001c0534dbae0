#include "estimators/text/analyzer_state.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace plinth::sklearn {
namespace {

constexpr std::string_view kEnglishStopWords[] = {
#include "text/english_stop_words.inc"
};

// A Python function in place of what scikit-learn itself would do.
void RefuseFunction(Fitted& fitted, std::string_view name) {
  if (!fitted.Has(name)) return;
  fitted.FailFor(name, "is " + Describe(*fitted.Find(name)) +
                           ", a function of Python, which cannot be run here; do its work before "
                           "the request, or express it by the other parameters");
}

Vocabulary MakeVocabulary(Fitted& fitted, const std::vector<std::string_view>& terms) {
  std::size_t bytes = 0;
  for (std::string_view term : terms) bytes += term.size();
  if (fitted.limits().Charge(Vocabulary::SizeOf(terms.size(), bytes))) return Vocabulary(terms);
  fitted.Fail("its vocabulary is too large for its file");
  return {};
}

Vocabulary ReadDict(Fitted& fitted, const Value& dict, std::string_view name) {
  const std::size_t count = dict.items.size() / 2;
  std::vector<std::string_view> terms(count);
  std::vector<bool> taken(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Value& term = *dict.items[2 * i];
    const Value& column = *dict.items[2 * i + 1];
    const bool fits = term.IsText() && column.Is(Kind::kInt) && column.integer >= 0 &&
                      static_cast<std::size_t>(column.integer) < count &&
                      !taken[static_cast<std::size_t>(column.integer)];
    if (!fits) {
      fitted.FailFor(name, "has " + Describe(term) + " for " + Describe(column) +
                               "; a column of its own was expected for each term, without gaps");
      return {};
    }
    terms[static_cast<std::size_t>(column.integer)] = term.text;
    taken[static_cast<std::size_t>(column.integer)] = true;
  }
  return MakeVocabulary(fitted, terms);
}

// The words that never become tokens.
Vocabulary ReadStopWords(Fitted& fitted) {
  const Value* value = fitted.Find("stop_words");
  if (value == nullptr || value->IsNone()) return {};
  if (!value->IsText()) return ReadVocabulary(fitted, *value, "stop_words");
  if (value->text != "english") {
    fitted.FailFor("stop_words", "is " + Describe(*value) + "; 'english' or a list was expected");
    return {};
  }
  return Vocabulary({std::begin(kEnglishStopWords), std::end(kEnglishStopWords)});
}

// Patterns for runs of at least so many word characters, such as the default, need no machine: the
// longest run is taken whole, so that there is a boundary on either side of itself. 0 for others.
std::size_t ShortestRun(std::string_view pattern) {
  const auto skip = [&](std::string_view token) {
    if (!pattern.starts_with(token)) return false;
    pattern.remove_prefix(token.size());
    return true;
  };
  skip("(?u)");
  skip("\\b");
  std::size_t shortest = 0;
  while (skip("\\w")) ++shortest;
  if (shortest == 0 || !skip("+")) return 0;
  skip("\\b");
  return pattern.empty() ? shortest : 0;
}

void ReadTokens(Fitted& fitted, AnalyzerSettings& settings) {
  RefuseFunction(fitted, "tokenizer");
  const std::string_view pattern = fitted.Text("token_pattern", "");
  if (!fitted.ok()) return;
  if (pattern.empty()) fitted.FailFor("token_pattern", "is not there");
  settings.shortest = ShortestRun(pattern);
  if (settings.shortest > 0) return;
  auto compiled = Pattern::Compile(pattern);
  if (!compiled) {
    fitted.FailFor("token_pattern", "cannot be used: " + compiled.error().message);
  } else if (!fitted.limits().Charge(compiled->size())) {
    fitted.FailFor("token_pattern", "is too large for its file");
  } else {
    settings.pattern = std::move(*compiled);
  }
}

AnalyzerKind ReadKind(Fitted& fitted) {
  const Value* value = fitted.Find("analyzer");
  const std::string_view name = value && value->IsText() ? value->text : "";
  if (value == nullptr || name == "word") return AnalyzerKind::kWord;
  if (name == "char") return AnalyzerKind::kChar;
  if (name == "char_wb") return AnalyzerKind::kCharWithinWords;
  RefuseFunction(fitted, "analyzer");
  return AnalyzerKind::kWord;
}

Accents ReadAccents(Fitted& fitted) {
  const Value* value = fitted.Find("strip_accents");
  if (value == nullptr || value->IsNone()) return Accents::kKeep;
  if (value->IsText() && value->text == "ascii") return Accents::kStripToAscii;
  if (value->IsText() && value->text == "unicode") return Accents::kStripToUnicode;
  RefuseFunction(fitted, "strip_accents");
  return Accents::kKeep;
}

void ReadRange(Fitted& fitted, AnalyzerSettings& settings) {
  const Value* range = fitted.Find("ngram_range");
  if (range == nullptr) return;
  const bool fits = range->IsSequence() && range->items.size() == 2 &&
                    range->items[0]->Is(Kind::kInt) && range->items[1]->Is(Kind::kInt) &&
                    range->items[0]->integer >= 1 &&
                    range->items[0]->integer <= range->items[1]->integer;
  if (!fits) {
    fitted.FailFor("ngram_range", "is not (least, most), both at least 1");
    return;
  }
  settings.min_n = static_cast<std::size_t>(range->items[0]->integer);
  settings.max_n = static_cast<std::size_t>(range->items[1]->integer);
}

}  // namespace

Vocabulary ReadVocabulary(Fitted& fitted, const Value& value, std::string_view name) {
  if (value.Is(Kind::kDict)) return ReadDict(fitted, value, name);
  if (!value.IsSequence() && !value.Is(Kind::kSet)) {
    fitted.FailFor(name, "is " + Describe(value) + "; terms were expected");
    return {};
  }
  std::vector<std::string_view> terms;
  for (const Value* term : value.items) {
    if (!term->IsText())
      fitted.FailFor(name, "has " + Describe(*term) + " in it; terms were expected");
    if (!fitted.ok()) return {};
    terms.push_back(term->text);
  }
  if (value.Is(Kind::kSet)) std::ranges::sort(terms);
  return MakeVocabulary(fitted, terms);
}

AnalyzerSettings ReadAnalyzer(Fitted& fitted) {
  AnalyzerSettings settings;
  const std::string_view input = fitted.Text("input", "content");
  if (input != "content") {
    fitted.FailFor(
        "input", "is '" + std::string(input) + "'; only texts themselves can be served: 'content'");
  }
  settings.kind = ReadKind(fitted);
  RefuseFunction(fitted, "preprocessor");
  settings.lowercase = fitted.Flag("lowercase", true);
  settings.accents = ReadAccents(fitted);
  ReadRange(fitted, settings);
  if (settings.kind == AnalyzerKind::kWord && fitted.ok()) {
    ReadTokens(fitted, settings);
    settings.stop_words = ReadStopWords(fitted);
  }
  return settings;
}

Result<std::string_view> DocumentOf(const Batch& batch, std::size_t i, std::string_view reader) {
  const auto refuse = [&](std::string_view what) {
    return plinth::Fail(Code::kInvalidArgument, std::string(reader) + ": the text in row " +
                                                    std::to_string(batch.first() + i) +
                                                    std::string(what));
  };
  const Table* table = batch.table();
  if (table == nullptr || table->columns[0].type() != ColumnType::kText) {
    return refuse(" is a number; a string was expected");
  }
  const std::string_view text = table->columns[0].text(i);
  if (IsMissing(text)) return refuse(" is missing; a string was expected");
  if (AsciiPrefix(text) < text.size() && !IsUtf8(text)) return refuse(" is not UTF-8");
  return text;
}

}  // namespace plinth::sklearn
