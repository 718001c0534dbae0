// HashingVectorizer: the terms of a text, each in the column that its hash says.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/text/analyzer_state.h"
#include "estimators/text/feature_hash.h"
#include "estimators/text/tfidf_weights.h"

namespace plinth::sklearn {
namespace {

class HashingVectorizer final : public SparseTransformer {
 public:
  HashingVectorizer(Traits traits, Analyzer analyzer, FeatureHash hash, bool binary,
                    std::optional<Norm> norm)
      : SparseTransformer(std::move(traits)),
        analyzer_(std::move(analyzer)),
        hash_(hash),
        binary_(binary),
        norm_(norm) {}

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch&) const override {
    static thread_local Analyzer::Buffers buffers;
    static thread_local ColumnSums row;
    for (std::size_t i = 0; i < batch.count(); ++i) {
      const auto document = DocumentOf(batch, i, traits().name);
      if (!document) return Fail(document.error());
      row.Begin();
      analyzer_.FindTerms(*document, buffers,
                          [&](std::string_view term) { hash_.Add(term, 1, row); });
      row.Sum();
      std::vector<double>& values = row.values();
      if (binary_) std::ranges::fill(values, 1.0);
      if (norm_) ScaleToNorm(*norm_, values.data(), values.size());
      row.AppendTo(out);
    }
    return {};
  }

 private:
  Analyzer analyzer_;
  FeatureHash hash_;
  bool binary_;
  std::optional<Norm> norm_;
};

EstimatorPtr ReadHashingVectorizer(Fitted& fitted) {
  AnalyzerSettings settings = ReadAnalyzer(fitted);
  const FeatureHash hash = ReadFeatureHash(fitted);
  const bool binary = fitted.Flag("binary", false);
  const auto norm = ReadNorm(fitted);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, 1);
  traits.input_types = {ColumnType::kText};
  traits.outputs = hash.width;
  return std::make_unique<HashingVectorizer>(std::move(traits), Analyzer(std::move(settings)), hash,
                                             binary, norm);
}

}  // namespace

std::span<const RegistryEntry> HashingVectorizers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_extraction.HashingVectorizer", ReadHashingVectorizer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
