// CategoricalNB: every feature is the number of a category.
#include <algorithm>
#include <utility>

#include "estimators/families.h"
#include "estimators/naive_bayes/likelihood.h"

namespace plinth::sklearn {
namespace {

struct CategoryTable {
  std::vector<std::size_t> first;   // where each feature's categories begin in `log_probabilities`
  std::vector<std::size_t> counts;  // how many categories each feature has
  std::vector<double> log_probabilities;  // for all features' categories: a row of classes
  std::vector<double> prior;              // a class
};

class CategoricalNaiveBayes final : public Estimator {
 public:
  CategoricalNaiveBayes(Traits traits, CategoryTable table)
      : Estimator(std::move(traits)), table_(std::move(table)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t classes = table_.prior.size();
    Scratch::Frame frame(scratch);
    double* joint = frame.Take<double>(rows.count * classes);
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (Status status = AddUp(rows, i, joint + i * classes); !status) return status;
    }
    AnswerLikelihoods(joint, rows.count, classes, out);
    return {};
  }

 private:
  Status AddUp(Rows rows, std::size_t i, double* sums) const {
    const std::size_t classes = table_.prior.size();
    std::fill_n(sums, classes, 0.0);
    for (std::size_t j = 0; j < rows.width; ++j) {
      // Numbers are cut to whole ones, as a cast to int does.
      const double x = rows.row(i)[j];
      if (!(x > -1 && x < static_cast<double>(table_.counts[j]))) {
        return Fail(Code::kInvalidArgument,
                    "Input X has a category that was not there at fit() (row " +
                        std::to_string(rows.first + i) + ", column " + std::to_string(j) +
                        "); whole numbers from 0 to " + std::to_string(table_.counts[j] - 1) +
                        " were expected");
      }
      const double* from =
          &table_.log_probabilities[(table_.first[j] + static_cast<std::size_t>(x)) * classes];
      for (std::size_t c = 0; c < classes; ++c) sums[c] += from[c];
    }
    for (std::size_t c = 0; c < classes; ++c) sums[c] += table_.prior[c];
    return {};
  }

  CategoryTable table_;
};

// feature_log_prob_: for each feature an array [classes, categories].
CategoryTable ReadTable(Fitted& fitted, std::size_t classes) {
  CategoryTable table;
  table.prior = fitted.Vector("class_log_prior_", classes);
  const Value* features = fitted.Require("feature_log_prob_");
  if (features == nullptr) return table;
  if (!features->IsSequence()) {
    fitted.FailFor("feature_log_prob_", "is " + Describe(*features) + "; a list was expected");
    return table;
  }
  std::size_t first = 0;
  for (const Value* feature : features->items) {
    const Matrix matrix = fitted.ReadMatrix(*feature, "feature_log_prob_");
    if (fitted.ok() && (matrix.rows != classes || matrix.columns == 0)) {
      fitted.FailFor("feature_log_prob_", "does not have a row for each class");
    }
    if (!fitted.ok()) return table;
    for (std::size_t category = 0; category < matrix.columns; ++category) {
      for (std::size_t c = 0; c < classes; ++c) {
        table.log_probabilities.push_back(matrix.data[c * matrix.columns + category]);
      }
    }
    table.first.push_back(first);
    table.counts.push_back(matrix.columns);
    first += matrix.columns;
  }
  return table;
}

EstimatorPtr ReadCategoricalNb(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  CategoryTable table = ReadTable(fitted, classes.size());
  const std::size_t inputs = fitted.Inputs(table.counts.size());
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  traits.probabilities = traits.logarithms = true;
  traits.classes = std::move(classes);
  return std::make_unique<CategoricalNaiveBayes>(std::move(traits), std::move(table));
}

}  // namespace

std::span<const RegistryEntry> CategoricalNaiveBayesFamily() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.naive_bayes.CategoricalNB", ReadCategoricalNb}};
  return kEntries;
}

}  // namespace plinth::sklearn
