// DictVectorizer: rows as dictionaries, each key (or key and string) a column.
#include <limits>
#include <string>
#include <utility>

#include "estimators/composition/column_sums.h"
#include "estimators/families.h"
#include "estimators/text/analyzer_state.h"
#include "estimators/text/json_rows.h"

namespace plinth::sklearn {
namespace {

class DictVectorizer final : public SparseTransformer {
 public:
  DictVectorizer(Traits traits, Vocabulary vocabulary, std::string separator)
      : SparseTransformer(std::move(traits)),
        vocabulary_(std::move(vocabulary)),
        separator_(std::move(separator)) {}

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch&) const override {
    static thread_local ColumnSums row;
    JsonRows rows(batch, traits().name);
    for (std::size_t i = 0; i < batch.count(); ++i) {
      const auto element = rows.Read(i);
      if (!element) return Fail(element.error());
      simdjson::dom::object object;
      if (element->get(object) != simdjson::SUCCESS) return rows.Refuse(i, "a JSON object");
      row.Begin();
      for (const auto& [key, value] : object) {
        if (!AddValue(key, value, row)) {
          return rows.Refuse(i, "an object of numbers, strings and lists of strings");
        }
      }
      row.Sum();
      row.AppendTo(out);
    }
    return {};
  }

 private:
  // False if the value is of no kind that scikit-learn takes.
  bool AddValue(std::string_view key, simdjson::dom::element value, ColumnSums& row) const {
    if (const auto number = NumberOf(value)) {
      Add(key, *number, row);
      return true;
    }
    if (value.is_null()) {
      Add(key, std::numeric_limits<double>::quiet_NaN(), row);
      return true;
    }
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return AddText(key, value, row);
    for (simdjson::dom::element item : list) {
      if (!AddText(key, item, row)) return false;
    }
    return true;
  }

  bool AddText(std::string_view key, simdjson::dom::element value, ColumnSums& row) const {
    static thread_local std::string feature;
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return false;
    feature.assign(key);
    feature.append(separator_).append(text);
    Add(feature, 1, row);
    return true;
  }

  // Features that were not seen in fit() do not count.
  void Add(std::string_view feature, double value, ColumnSums& row) const {
    const std::int32_t column = vocabulary_.Find(feature);
    if (column != Vocabulary::kNone) row.Add(column, value);
  }

  Vocabulary vocabulary_;
  std::string separator_;
};

EstimatorPtr ReadDictVectorizer(Fitted& fitted) {
  const Value* terms = fitted.Require("vocabulary_");
  if (terms == nullptr) return nullptr;
  Vocabulary vocabulary = ReadVocabulary(fitted, *terms, "vocabulary_");
  std::string separator(fitted.Text("separator", "="));
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, 1);
  traits.input_types = {ColumnType::kText};
  traits.outputs = vocabulary.size();
  return std::make_unique<DictVectorizer>(std::move(traits), std::move(vocabulary),
                                          std::move(separator));
}

}  // namespace

std::span<const RegistryEntry> DictVectorizers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_extraction.DictVectorizer", ReadDictVectorizer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
