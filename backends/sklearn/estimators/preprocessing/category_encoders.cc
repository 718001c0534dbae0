// OrdinalEncoder and TargetEncoder: each category becomes one or more numbers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"
#include "estimators/preprocessing/categories.h"

namespace plinth::sklearn {
namespace {

// One column of the result: the numbers of the categories of one column of X.
struct Encoding {
  std::size_t column = 0;       // of X
  std::vector<double> numbers;  // by category
  double unknown = 0;           // that of a category that was not seen at fit()
};

class CategoryEncoder final : public BatchEstimator {
 public:
  CategoryEncoder(Traits traits, CategoryColumns columns, std::vector<Encoding> encodings,
                  bool refuses_unknown)
      : BatchEstimator(std::move(traits)),
        columns_(std::move(columns)),
        encodings_(std::move(encodings)),
        refuses_unknown_(refuses_unknown) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t n = batch.count();
    auto* indices = frame.Take<std::int32_t>(n * columns_.size());
    const Table table = ToTable(batch, frame);
    if (Status found = columns_.Find(table, indices); !found) {
      return Fail(found.error().Annotate(traits().name));
    }
    if (refuses_unknown_) {
      auto* const end = indices + n * columns_.size();
      auto* const unknown = std::find(indices, end, Categories::kUnknown);
      const auto at = static_cast<std::size_t>(unknown - indices);
      if (unknown != end) return UnknownCategory(traits().name, table, at % n, at / n);
    }
    if (out.values == nullptr) return {};
    for (std::size_t k = 0; k < encodings_.size(); ++k) {
      const Encoding& encoding = encodings_[k];
      const std::int32_t* index = indices + encoding.column * n;
      for (std::size_t i = 0; i < n; ++i) {
        out.values[i * encodings_.size() + k] =
            index[i] < 0 ? encoding.unknown : encoding.numbers[static_cast<std::size_t>(index[i])];
      }
    }
    return {};
  }

 private:
  CategoryColumns columns_;
  std::vector<Encoding> encodings_;
  bool refuses_unknown_;
};

EstimatorPtr Make(Fitted& fitted, CategoryColumns columns, std::vector<Encoding> encodings,
                  bool refuses_unknown) {
  const std::size_t inputs = fitted.Inputs(columns.size());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = encodings.size();
  traits.input_types = columns.types();
  return std::make_unique<CategoryEncoder>(std::move(traits), std::move(columns),
                                           std::move(encodings), refuses_unknown);
}

double NumberOrNaN(Fitted& fitted, std::string_view name) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  return fitted.Has(name) ? fitted.Number(name, kNaN) : kNaN;
}

// _missing_indices: {column: category}, for those where NaN is a category. None is one like any
// other, as NaN was up to 0.24.
void EncodeMissing(Fitted& fitted, double number, std::vector<Encoding>& encodings) {
  const Value* indices = fitted.Find("_missing_indices");
  if (indices == nullptr || !indices->Is(Kind::kDict)) return;
  for (std::size_t at = 0; at + 1 < indices->items.size(); at += 2) {
    const Value& column = *indices->items[at];
    const Value& category = *indices->items[at + 1];
    const auto j = static_cast<std::size_t>(column.integer);
    const auto i = static_cast<std::size_t>(category.integer);
    if (!column.Is(Kind::kInt) || !category.Is(Kind::kInt) || j >= encodings.size() ||
        i >= encodings[j].numbers.size()) {
      return fitted.FailFor("_missing_indices", "names a category that is not there");
    }
    encodings[j].numbers[i] = number;
  }
}

EstimatorPtr ReadOrdinalEncoder(Fitted& fitted) {
  CategoryColumns columns = CategoryColumns::Read(fitted);
  const std::vector<Grouping> groupings = ReadGroupings(fitted, columns);
  const bool refuses_unknown = fitted.Text("handle_unknown", "error") == "error";
  const double unknown = NumberOrNaN(fitted, "unknown_value");
  const double missing = NumberOrNaN(fitted, "encoded_missing_value");
  if (!fitted.ok()) return nullptr;
  std::vector<Encoding> encodings;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    Encoding& encoding = encodings.emplace_back(Encoding{j, {}, unknown});
    for (std::size_t i = 0; i < columns[j].size(); ++i) {
      encoding.numbers.push_back(groupings[j].Code(i));
    }
  }
  EncodeMissing(fitted, missing, encodings);
  return Make(fitted, std::move(columns), std::move(encodings), refuses_unknown);
}

// encodings_: an array for each column, or with more than two classes for each column and class.
EstimatorPtr ReadTargetEncoder(Fitted& fitted) {
  CategoryColumns columns = CategoryColumns::Read(fitted);
  const Value* list = fitted.Require("encodings_");
  const bool multiclass = fitted.Text("target_type_", "") == "multiclass";
  const std::vector<double> means = fitted.Vector("target_mean_");
  if (!fitted.ok()) return nullptr;
  const std::size_t of_column = multiclass ? means.size() : 1;
  if (!list->IsSequence() || means.size() != of_column ||
      list->items.size() != columns.size() * of_column) {
    fitted.FailFor("encodings_", "does not have an array for each column and class");
    return nullptr;
  }
  std::vector<Encoding> encodings;
  for (std::size_t k = 0; k < list->items.size(); ++k) {
    Encoding& encoding = encodings.emplace_back();
    encoding.column = k / of_column;
    encoding.unknown = means[k % of_column];
    encoding.numbers = fitted.ReadMatrix(*list->items[k], "encodings_").data;
    if (encoding.numbers.size() != columns[encoding.column].size()) {
      fitted.FailFor("encodings_", "does not have a number for each category");
    }
    if (!fitted.ok()) return nullptr;
  }
  return Make(fitted, std::move(columns), std::move(encodings), false);
}

}  // namespace

std::span<const RegistryEntry> CategoryEncoders() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.OrdinalEncoder", ReadOrdinalEncoder},
      {"sklearn.preprocessing.TargetEncoder", ReadTargetEncoder},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
