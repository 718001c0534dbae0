// CountVectorizer and TfidfVectorizer: how often each term of a vocabulary occurs in a text.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/text/analyzer_state.h"
#include "estimators/text/tfidf_weights.h"

namespace plinth::sklearn {
namespace {

class Vectorizer final : public SparseTransformer {
 public:
  Vectorizer(Traits traits, Analyzer analyzer, Vocabulary vocabulary, bool binary,
             std::optional<TfidfWeights> weights)
      : SparseTransformer(std::move(traits)),
        analyzer_(std::move(analyzer)),
        vocabulary_(std::move(vocabulary)),
        binary_(binary),
        weights_(std::move(weights)) {}

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch&) const override {
    static thread_local Row row;
    for (std::size_t i = 0; i < batch.count(); ++i) {
      const auto document = DocumentOf(batch, i, traits().name);
      if (!document) return Fail(document.error());
      Count(*document, row);
      if (weights_) weights_->Apply(row.columns.data(), row.counts.data(), row.counts.size());
      for (std::size_t j = 0; j < row.counts.size(); ++j) {
        out.Add(static_cast<std::size_t>(row.columns[j]), row.counts[j]);
      }
      out.EndRow();
    }
    return {};
  }

 private:
  struct Row {
    Analyzer::Buffers buffers;
    std::vector<std::int32_t> columns;
    std::vector<double> counts;
  };

  // The columns that occur, rising, and how often.
  void Count(std::string_view document, Row& row) const {
    std::vector<std::int32_t>& columns = row.columns;
    columns.clear();
    row.counts.clear();
    analyzer_.FindTerms(document, row.buffers, [&](std::string_view term) {
      const std::int32_t column = vocabulary_.Find(term);
      if (column != Vocabulary::kNone) columns.push_back(column);
    });
    std::ranges::sort(columns);
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0 && columns[i] == columns[distinct - 1]) {
        if (!binary_) row.counts.back() += 1;
        continue;
      }
      columns[distinct++] = columns[i];
      row.counts.push_back(1);
    }
    columns.resize(distinct);
  }

  Analyzer analyzer_;
  Vocabulary vocabulary_;
  bool binary_;
  std::optional<TfidfWeights> weights_;  // none: the counts themselves
};

// vocabulary_, or the parameter, which is used as it is where nothing was fitted.
Vocabulary ReadFittedVocabulary(Fitted& fitted) {
  for (std::string_view name : {"vocabulary_", "vocabulary"}) {
    if (fitted.Has(name)) return ReadVocabulary(fitted, *fitted.Find(name), name);
  }
  fitted.Require("vocabulary_");
  return {};
}

EstimatorPtr Read(Fitted& fitted, bool weighted) {
  AnalyzerSettings settings = ReadAnalyzer(fitted);
  if (!fitted.ok()) return nullptr;
  Vocabulary vocabulary = ReadFittedVocabulary(fitted);
  const bool binary = fitted.Flag("binary", false);
  if (fitted.ok() && vocabulary.size() == 0) fitted.Fail("its vocabulary is empty");
  if (fitted.ok() && vocabulary.size() > ReadLimits::kMaxColumns) {
    fitted.Fail("its vocabulary has more terms than are supported");
  }
  std::optional<TfidfWeights> weights;
  const Value* part = weighted && fitted.ok() ? fitted.Require("_tfidf") : nullptr;
  if (part != nullptr) {
    Fitted transformer = fitted.Part(*part);
    weights = ReadTfidfWeights(transformer, vocabulary.size());
    if (!transformer.ok()) fitted.Fail(transformer.error().message);
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, 1);
  traits.input_types = {ColumnType::kText};
  traits.outputs = vocabulary.size();
  return std::make_unique<Vectorizer>(std::move(traits), Analyzer(std::move(settings)),
                                      std::move(vocabulary), binary, std::move(weights));
}

EstimatorPtr ReadCount(Fitted& fitted) { return Read(fitted, false); }
EstimatorPtr ReadTfidf(Fitted& fitted) { return Read(fitted, true); }

}  // namespace

std::span<const RegistryEntry> Vectorizers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_extraction.CountVectorizer", ReadCount},
      {"sklearn.feature_extraction.TfidfVectorizer", ReadTfidf},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
