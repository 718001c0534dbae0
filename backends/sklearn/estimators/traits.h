// What an estimator says of itself, and where its results go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace plinth::sklearn {

enum class Role : std::uint8_t {
  kTransformer,
  kRegressor,
  kClassifier,
  kClusterer,        // labels are numbers of clusters: `classes` has them as ints
  kOutlierDetector,  // labels are -1 (outlier) and 1, in this order; one decision a row
};

// What labels stand for. One of the lists is filled, in the order of the indices.
struct Classes {
  enum class Type : std::uint8_t { kInts, kFloats, kStrings } type = Type::kInts;
  std::vector<std::int64_t> ints;
  std::vector<double> floats;
  std::vector<std::string> strings;

  std::size_t size() const {
    return type == Type::kInts     ? ints.size()
           : type == Type::kFloats ? floats.size()
                                   : strings.size();
  }
};

// What a column holds. kAny: either, it makes no difference; kUnused: nothing looks at it.
enum class ColumnType : std::uint8_t { kNumber, kText, kAny, kUnused };

struct Traits {
  Role role = Role::kTransformer;
  std::string name;              // the class's name, for messages
  std::size_t inputs = 0;        // columns of X
  std::size_t outputs = 0;       // columns of `values`: what a transformer or regressor gives
  std::size_t widest = 0;        // the most numbers a row takes on its way: bounds a call's memory
  std::size_t block_rows = 256;  // how many rows are best done at once
  // Answers depend on all rows of a call together: it is not cut into blocks.
  bool joint = false;
  bool flat = false;  // regressors: predictions are [n] rather than [n, outputs]

  // What has labels (classifiers, clusterers, outlier detectors). With several targets `targets`
  // has the classes of each, and `classes` is empty.
  Classes classes;
  std::vector<Classes> targets;
  bool probabilities = false;  // predict_proba exists
  // predict_log_proba is more than the logarithm of predict_proba: it is finite where that is 0.
  bool logarithms = false;
  // How many of `classes`, at its end, are labels that predict_proba has no column for.
  std::size_t without_probability = 0;
  // With several targets of classes {0, 1}: predict_proba gives one number a target, that of 1.
  bool indicator_probabilities = false;
  std::size_t decision_width = 0;  // columns of the decision function; 0 if there is none

  bool score_samples = false;       // score_samples exists
  std::size_t transform_width = 0;  // columns of `transformed`, for other roles than transformers
  bool flat_transform = false;      // transform() gives [n]; there is one column then

  bool sparse = false;        // transformers: TransformSparse() is what scikit-learn gives
  bool takes_sparse = false;  // RunSparse() takes sparse rows without making them dense

  // Where not all columns are numbers: what X, and what a transformer gives, holds by column.
  // Empty: numbers only. An output that is kAny is an input as it stands: `origins` says which.
  std::vector<ColumnType> input_types;
  std::vector<ColumnType> output_types;
  std::vector<std::size_t> origins;  // by output; 0 where nothing is passed on
  std::vector<std::string> names;    // feature_names_in_; empty if it was fitted without names

  ColumnType InputType(std::size_t column) const {
    return input_types.empty() ? ColumnType::kNumber : input_types[column];
  }
  ColumnType OutputType(std::size_t column) const {
    return output_types.empty() ? ColumnType::kNumber : output_types[column];
  }
  bool TakesText() const;
  bool GivesText() const;

  bool Transforms() const { return role == Role::kTransformer || transform_width > 0; }
  // Columns that transform() gives.
  std::size_t TransformWidth() const {
    return role == Role::kTransformer ? outputs : transform_width;
  }
  // Labels a row.
  std::size_t LabelWidth() const { return targets.empty() ? 1 : targets.size(); }
  // Numbers that predict_proba gives for a row; those of several targets stand side by side.
  std::size_t ProbabilityWidth() const;
};

// Where results go, row by row. Null for what is not wanted; never set for what the traits say is
// not there.
struct Outputs {
  double* values = nullptr;         // [n, outputs]
  std::int32_t* labels = nullptr;   // [n, LabelWidth()]: indices into the classes of the target
  double* probabilities = nullptr;  // [n, ProbabilityWidth()]
  bool logarithms = false;          // of the probabilities, rather than themselves
  double* decision = nullptr;       // [n, decision_width]
  double* transformed = nullptr;    // [n, transform_width]
  double* scores = nullptr;         // [n]: score_samples

  // The same for what begins at row `at`.
  Outputs From(std::size_t at, const Traits& traits) const;
};

}  // namespace plinth::sklearn
