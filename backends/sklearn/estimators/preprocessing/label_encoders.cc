// LabelEncoder, LabelBinarizer and MultiLabelBinarizer: what is otherwise done to y, as models of
// their own. X is one column of labels; for the last, of sets of labels, each a JSON list.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/preprocessing/categories.h"
#include "estimators/text/json_rows.h"

namespace plinth::sklearn {
namespace {

// The index of a row's label among the classes.
std::int32_t LabelOf(const Categories& classes, const Column& column, std::size_t row) {
  return column.type() == ColumnType::kText ? classes.Find(column.text(row))
                                            : classes.Find(column.number(row));
}

// Reads classes_ for an estimator of one column.
Categories ReadLabels(Fitted& fitted) {
  const Value* classes = fitted.Require("classes_");
  if (classes == nullptr) return {};
  return Categories::Read(fitted, *classes, "classes_");
}

Traits MakeLabelTraits(Fitted& fitted, ColumnType input, std::size_t outputs) {
  Traits traits = fitted.MakeTraits(Role::kTransformer, fitted.Inputs(1));
  traits.input_types = {input};
  traits.outputs = outputs;
  return traits;
}

class LabelEncoder final : public BatchEstimator {
 public:
  LabelEncoder(Traits traits, Categories classes)
      : BatchEstimator(std::move(traits)), classes_(std::move(classes)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Table table = ToTable(batch, frame);
    for (std::size_t i = 0; i < table.count; ++i) {
      const std::int32_t label = LabelOf(classes_, table.columns[0], i);
      if (label < 0) return UnknownCategory(traits().name, table, i, 0);
      if (out.values) out.values[i] = label;
    }
    return {};
  }

 private:
  Categories classes_;
};

// The numbers that an indicator has for a label that is there, and for one that is not.
struct Marks {
  double there = 1;
  double other = 0;
};

class LabelBinarizer final : public BatchEstimator {
 public:
  LabelBinarizer(Traits traits, Categories classes, Marks marks)
      : BatchEstimator(std::move(traits)), classes_(std::move(classes)), marks_(marks) {}

  // Of two classes there is a column for the second alone. A single one is never marked, and no
  // label is one that was not seen at fit().
  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Table table = ToTable(batch, frame);
    const std::size_t width = traits().outputs;
    const auto first = static_cast<std::int32_t>(width == 1 ? 1 : 0);
    if (out.values == nullptr) return {};
    std::fill_n(out.values, table.count * width, marks_.other);
    for (std::size_t i = 0; i < table.count; ++i) {
      const std::int32_t label = LabelOf(classes_, table.columns[0], i);
      if (label < first) continue;
      out.values[i * width + static_cast<std::size_t>(label - first)] = marks_.there;
    }
    return {};
  }

 private:
  Categories classes_;
  Marks marks_;
};

class MultiLabelBinarizer final : public BatchEstimator {
 public:
  MultiLabelBinarizer(Traits traits, Categories classes)
      : BatchEstimator(std::move(traits)), classes_(std::move(classes)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch&) const override {
    JsonRows rows(batch, traits().name);
    const std::size_t width = classes_.size();
    if (out.values) std::fill_n(out.values, batch.count() * width, 0.0);
    for (std::size_t i = 0; i < batch.count(); ++i) {
      const auto row = rows.Read(i);
      if (!row) return Fail(row.error());
      simdjson::dom::array labels;
      bool fits = row->get(labels) == simdjson::SUCCESS;
      for (auto label = labels.begin(); fits && label != labels.end(); ++label) {
        fits = Mark(*label, out.values ? out.values + i * width : nullptr);
      }
      if (!fits) return rows.Refuse(i, Expected());
    }
    return {};
  }

 private:
  bool OfTexts() const { return classes_.type() == ColumnType::kText; }
  std::string_view Expected() const {
    return OfTexts() ? "a JSON list of strings" : "a JSON list of numbers";
  }

  // Labels that were not seen at fit() are left out. False for what is no label.
  bool Mark(simdjson::dom::element element, double* row) const {
    std::int32_t label = Categories::kUnknown;
    if (OfTexts()) {
      std::string_view text;
      if (element.get(text) != simdjson::SUCCESS) return false;
      label = classes_.Find(text);
    } else {
      const auto number = NumberOf(element);
      if (!number) return false;
      label = classes_.Find(*number);
    }
    if (label >= 0 && row) row[label] = 1;
    return true;
  }

  Categories classes_;
};

EstimatorPtr ReadLabelEncoder(Fitted& fitted) {
  Categories classes = ReadLabels(fitted);
  if (!fitted.ok()) return nullptr;
  Traits traits = MakeLabelTraits(fitted, classes.type(), 1);
  if (!fitted.ok()) return nullptr;
  traits.flat_transform = true;
  return std::make_unique<LabelEncoder>(std::move(traits), std::move(classes));
}

EstimatorPtr ReadLabelBinarizer(Fitted& fitted) {
  Categories classes = ReadLabels(fitted);
  const Marks marks{fitted.Number("pos_label", 1), fitted.Number("neg_label", 0)};
  if (fitted.Text("y_type_", "multiclass").starts_with("multilabel")) {
    fitted.Fail("it was fitted on a matrix of labels, which it leaves as it is");
  }
  if (!fitted.ok()) return nullptr;
  const std::size_t width = classes.size() <= 2 ? 1 : classes.size();
  Traits traits = MakeLabelTraits(fitted, classes.type(), width);
  if (!fitted.ok()) return nullptr;
  return std::make_unique<LabelBinarizer>(std::move(traits), std::move(classes), marks);
}

EstimatorPtr ReadMultiLabelBinarizer(Fitted& fitted) {
  Categories classes = ReadLabels(fitted);
  if (!fitted.ok()) return nullptr;
  Traits traits = MakeLabelTraits(fitted, ColumnType::kText, classes.size());
  if (!fitted.ok()) return nullptr;
  return std::make_unique<MultiLabelBinarizer>(std::move(traits), std::move(classes));
}

}  // namespace

std::span<const RegistryEntry> LabelEncoders() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.LabelBinarizer", ReadLabelBinarizer},
      {"sklearn.preprocessing.LabelEncoder", ReadLabelEncoder},
      {"sklearn.preprocessing.MultiLabelBinarizer", ReadMultiLabelBinarizer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
