// HistGradientBoosting*: a constant and small corrections by trees, added up in the space of the
// loss's link. Missing values are a matter of the trees.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/trees/hist_trees.h"

namespace plinth::sklearn {
namespace {

enum class Link : std::uint8_t { kIdentity, kLog, kLogit, kSoftmax };

struct Settings {
  Link link = Link::kIdentity;
  std::vector<double> baseline;  // a number for each tree of an iteration
  // Versions before 1.5: the label is that of the largest probability rather than of the largest
  // raw score, which differs where these are so close that the probabilities are equal.
  bool label_by_probability = false;
  // Categories are as they stand in X, not encoded before: features that hold them.
  std::vector<bool> raw_categories;
};

class HistBooster final : public BatchEstimator {
 public:
  // `preprocessor` encodes categories and puts them before the other columns; null if there are
  // none, or if they are taken as they are.
  HistBooster(Traits traits, TreeSet<double> trees, Settings settings, EstimatorPtr preprocessor)
      : BatchEstimator(std::move(traits)),
        trees_(std::move(trees)),
        settings_(std::move(settings)),
        preprocessor_(std::move(preprocessor)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<Batch> encoded = preprocessor_ ? preprocessor_->Transform(batch, frame) : batch;
    if (!encoded) return Fail(encoded.error());
    const Result<Rows> rows = ToDense(*encoded, frame);
    if (!rows) return Fail(rows.error());
    const std::size_t width = settings_.baseline.size();
    double* raw = out.decision ? out.decision : frame.Take<double>(rows->count * width);
    Sum(*rows, raw, frame);
    Finish(raw, rows->count, out, frame.Take<double>(width));
    return {};
  }

 private:
  void Sum(Rows rows, double* raw, Scratch::Frame& frame) const;
  // `spare` has room for the probabilities of one row.
  void Finish(const double* raw, std::size_t rows, const Outputs& out, double* spare) const;
  void FinishTwo(double raw, std::size_t row, const Outputs& out) const;
  void FinishMany(const double* raw, std::size_t row, const Outputs& out, double* spare) const;

  TreeSet<double> trees_;
  Settings settings_;
  EstimatorPtr preprocessor_;
};

// A category as scikit-learn looks it up: in a byte, into which what is larger is folded. Negative
// ones and NaN stay.
double ToByte(double category) {
  if (!(category >= kHistCategories)) return category;
  constexpr double kMaxInt = 2147483648.0;
  return category < kMaxInt ? static_cast<double>(static_cast<std::int64_t>(category) & 255) : 0;
}

void HistBooster::Sum(Rows rows, double* raw, Scratch::Frame& frame) const {
  const std::size_t width = settings_.baseline.size();
  for (std::size_t row = 0; row < rows.count; ++row) {
    std::ranges::copy(settings_.baseline, raw + row * width);
  }
  const auto block =
      settings_.raw_categories.empty()
          ? FeatureBlock<double>::Of(rows, frame)
          : FeatureBlock<double>::Of(rows, frame, [&](double value, std::size_t column) {
              return settings_.raw_categories[column] ? ToByte(value) : value;
            });
  if (width == 1) {
    trees_.ForEachLeaf(
        block, [&](std::size_t row, std::size_t, const double* leaf) { raw[row] += *leaf; });
    return;
  }
  trees_.ForEachLeaf(block, [&](std::size_t row, std::size_t tree, const double* leaf) {
    raw[row * width + tree % width] += *leaf;
  });
}

void HistBooster::Finish(const double* raw, std::size_t rows, const Outputs& out,
                         double* spare) const {
  for (std::size_t row = 0; row < rows; ++row) {
    switch (settings_.link) {
      case Link::kIdentity:
        if (out.values) out.values[row] = raw[row];
        break;
      case Link::kLog:
        if (out.values) out.values[row] = std::exp(raw[row]);
        break;
      case Link::kLogit:
        FinishTwo(raw[row], row, out);
        break;
      case Link::kSoftmax:
        FinishMany(raw + row * settings_.baseline.size(), row, out, spare);
        break;
    }
  }
}

void HistBooster::FinishTwo(double raw, std::size_t row, const Outputs& out) const {
  const double p = Sigmoid(raw);
  const bool second = settings_.label_by_probability ? p > 1 - p : raw > 0;
  if (out.labels) out.labels[row] = second ? 1 : 0;
  if (out.probabilities == nullptr) return;
  out.probabilities[2 * row] = 1 - p;
  out.probabilities[2 * row + 1] = p;
}

void HistBooster::FinishMany(const double* raw, std::size_t row, const Outputs& out,
                             double* spare) const {
  const std::size_t classes = settings_.baseline.size();
  double* p = out.probabilities ? out.probabilities + row * classes : spare;
  const bool needed = out.probabilities || settings_.label_by_probability;
  if (needed) {
    std::copy_n(raw, classes, p);
    Softmax(p, classes);
  }
  if (out.labels == nullptr) return;
  const double* scores = settings_.label_by_probability ? p : raw;
  out.labels[row] = static_cast<std::int32_t>(ArgMax(scores, classes));
}

// The encoder of categories that versions since 1.4 have. Null with fitted.ok() where there is
// none: `raw` then says which features hold categories, if any does.
EstimatorPtr ReadPreprocessor(Fitted& fitted, std::size_t inputs, std::vector<bool>& raw) {
  if (fitted.Has("_preprocessor")) {
    EstimatorPtr preprocessor = fitted.Child(*fitted.Find("_preprocessor"), inputs);
    if (preprocessor && preprocessor->traits().outputs != inputs) {
      fitted.Fail("its encoder of categories gives another number of columns");
    }
    return preprocessor;
  }
  if (!fitted.Has("is_categorical_")) return nullptr;
  const std::vector<std::int64_t> categorical = fitted.Ints("is_categorical_");
  if (fitted.ok() && categorical.size() != inputs) {
    fitted.FailFor("is_categorical_", "is not for " + std::to_string(inputs) + " features");
  }
  raw.assign(categorical.begin(), categorical.end());
  return nullptr;
}

EstimatorPtr Make(Fitted& fitted, Traits traits, Link link, std::size_t per_iteration) {
  Settings settings;
  settings.link = link;
  settings.label_by_probability = !fitted.VersionAtLeast(1, 5);
  settings.baseline = fitted.Vector("_baseline_prediction");
  // Early versions have one number for all.
  if (settings.baseline.size() == 1) settings.baseline.resize(per_iteration, settings.baseline[0]);
  if (fitted.ok() && settings.baseline.size() != per_iteration) {
    fitted.FailFor("_baseline_prediction", "does not go with its classes");
  }
  TreeSet<double> trees = ReadHistTrees(fitted, traits.inputs, per_iteration);
  EstimatorPtr preprocessor = ReadPreprocessor(fitted, traits.inputs, settings.raw_categories);
  if (!fitted.ok()) return nullptr;
  traits.block_rows = kTreeBlockRows;
  if (preprocessor) {
    traits.input_types = preprocessor->traits().input_types;
    // What is not encoded comes to the trees as a number.
    std::ranges::replace(traits.input_types, ColumnType::kAny, ColumnType::kNumber);
    traits.widest = preprocessor->traits().widest;
  }
  return std::make_unique<HistBooster>(std::move(traits), std::move(trees), std::move(settings),
                                       std::move(preprocessor));
}

EstimatorPtr ReadRegressor(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const std::string_view loss = fitted.Text("loss", "squared_error");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = 1;
  traits.flat = true;
  const bool log = loss == "poisson" || loss == "gamma";
  return Make(fitted, std::move(traits), log ? Link::kLog : Link::kIdentity, 1);
}

EstimatorPtr ReadClassifier(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  if (fitted.ok() && classes.size() < 2) {
    fitted.Fail("'classes_' has one class; two or more were expected");
  }
  // An own loss might have a link of its own; Text() refuses it.
  fitted.Text("loss", "log_loss");
  const bool two = classes.size() == 2;
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  const std::size_t per_iteration = two ? 1 : classes.size();
  traits.classes = std::move(classes);
  traits.probabilities = true;
  traits.decision_width = per_iteration;
  return Make(fitted, std::move(traits), two ? Link::kLogit : Link::kSoftmax, per_iteration);
}

}  // namespace

std::span<const RegistryEntry> HistGradientBoosters() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.ensemble.HistGradientBoostingClassifier", ReadClassifier},
      {"sklearn.ensemble.HistGradientBoostingRegressor", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
