// FeatureHasher: rows of named values, each in the column that the name's hash says.
#include <string>
#include <utility>

#include "estimators/families.h"
#include "estimators/text/feature_hash.h"
#include "estimators/text/json_rows.h"

namespace plinth::sklearn {
namespace {

enum class RowKind : std::uint8_t { kDict, kPairs, kStrings };

class FeatureHasher final : public SparseTransformer {
 public:
  FeatureHasher(Traits traits, FeatureHash hash, RowKind kind)
      : SparseTransformer(std::move(traits)), hash_(hash), kind_(kind) {}

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch&) const override {
    static thread_local ColumnSums row;
    JsonRows rows(batch, traits().name);
    for (std::size_t i = 0; i < batch.count(); ++i) {
      const auto element = rows.Read(i);
      if (!element) return Fail(element.error());
      row.Begin();
      if (!AddRow(*element, row)) return rows.Refuse(i, Expected());
      row.Sum();
      row.AppendTo(out);
    }
    return {};
  }

 private:
  std::string_view Expected() const {
    switch (kind_) {
      case RowKind::kDict:
        return "a JSON object of numbers and strings";
      case RowKind::kPairs:
        return "a JSON list of pairs of a string and a number or string";
      case RowKind::kStrings:
        return "a JSON list of strings";
    }
    return "";
  }

  bool AddRow(simdjson::dom::element element, ColumnSums& row) const {
    if (kind_ == RowKind::kDict) {
      simdjson::dom::object object;
      if (element.get(object) != simdjson::SUCCESS) return false;
      for (const auto& [key, value] : object) {
        if (!AddPair(key, value, row)) return false;
      }
      return true;
    }
    simdjson::dom::array list;
    if (element.get(list) != simdjson::SUCCESS) return false;
    for (simdjson::dom::element item : list) {
      if (!AddItem(item, row)) return false;
    }
    return true;
  }

  bool AddItem(simdjson::dom::element item, ColumnSums& row) const {
    std::string_view name;
    if (kind_ == RowKind::kStrings) {
      if (item.get(name) != simdjson::SUCCESS) return false;
      hash_.Add(name, 1, row);
      return true;
    }
    simdjson::dom::array pair;
    simdjson::dom::element value;
    return item.get(pair) == simdjson::SUCCESS && pair.size() == 2 &&
           pair.at(0).get(name) == simdjson::SUCCESS &&
           pair.at(1).get(value) == simdjson::SUCCESS && AddPair(name, value, row);
  }

  // A string as value is part of the feature's name.
  bool AddPair(std::string_view name, simdjson::dom::element value, ColumnSums& row) const {
    static thread_local std::string feature;
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
      feature.assign(name);
      feature.append(1, '=').append(text);
      hash_.Add(feature, 1, row);
      return true;
    }
    const auto number = NumberOf(value);
    if (number) hash_.Add(name, *number, row);
    return number.has_value();
  }

  FeatureHash hash_;
  RowKind kind_;
};

EstimatorPtr ReadFeatureHasher(Fitted& fitted) {
  const FeatureHash hash = ReadFeatureHash(fitted);
  const std::string_view kind = fitted.Text("input_type", "dict");
  if (kind != "dict" && kind != "pair" && kind != "string") {
    fitted.Fail("'input_type' is '" + std::string(kind) + "'; dict, pair or string was expected");
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, 1);
  traits.input_types = {ColumnType::kText};
  traits.outputs = hash.width;
  return std::make_unique<FeatureHasher>(std::move(traits), hash,
                                         kind == "dict"   ? RowKind::kDict
                                         : kind == "pair" ? RowKind::kPairs
                                                          : RowKind::kStrings);
}

}  // namespace

std::span<const RegistryEntry> FeatureHashers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.feature_extraction.FeatureHasher", ReadFeatureHasher},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
