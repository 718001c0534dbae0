// A scikit-learn model ready to serve: what it takes, what it gives, and the way from one to the
// other.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "estimators/estimator.h"

namespace plinth::sklearn {

// One output of a model: what there is depends on the estimator and the method chosen at load.
struct Answer {
  enum class Kind : std::uint8_t {
    kLabel,             // "label": int64, float64 or strings, as the classes are
    kProbabilities,     // "probabilities" [n, classes]
    kLogProbabilities,  // "log_probabilities": their logarithms
    kDecision,          // "decision" [n] or [n, width]
    kPrediction,        // "prediction" [n] or [n, outputs]
    kTransformed,       // "transformed" [n, width]
    kTransformedText,   // the same as strings
    kScores,            // "score_samples" [n]
  };

  Kind kind = Kind::kLabel;
  std::string name;
  std::size_t width = 1;  // numbers a row
  bool flat = false;      // [n] rather than [n, width]
  // Where this answer begins in a row of what the estimator gives: the probabilities of several
  // targets stand side by side there and are answers of their own ("probabilities_0", ...).
  // So are the columns of a transformer that gives strings and numbers ("transformed_0", ...).
  std::size_t offset = 0;
};

struct ModelOptions {
  // Which of the estimator's methods to serve: "predict", "predict_proba", "predict_log_proba",
  // "decision_function", "score_samples", "transform", or "" for what the estimator offers: label
  // and probabilities, prediction, or transformed.
  std::string method;
  // Instead of `method`: predict, predict_proba and transform, as far as the estimator has them,
  // are outputs of these names, [n, width] each, this one first.
  std::string first_output{};
  // Columns of X, for estimators so old that they do not say; 0 if not known.
  std::size_t width = 0;
  // Each column is an input of its own, also where X could have been one matrix of numbers.
  bool by_column = false;
};

class Model {
 public:
  // Reads a pickle or joblib file, or a folder that holds one. NOT_FOUND, RESOURCE_EXHAUSTED and
  // INVALID_MODEL as in pickle/load.h, and INVALID_ARGUMENT for a method that the estimator does
  // not have.
  static Result<std::unique_ptr<Model>> Load(const std::string& path, const ModelOptions& options);

  // The same from the file's bytes.
  static Result<std::unique_ptr<Model>> Parse(std::string bytes, const ModelOptions& options);

  const Traits& traits() const { return estimator_->traits(); }
  const std::vector<Answer>& answers() const { return answers_; }

  // Runs the model on all rows. Any number of threads at once. Works through blocks of rows, so
  // that what passes between the steps of a pipeline stays in the cache.
  Status Run(const Batch& batch, const Outputs& out) const;

  // The same for transformers that give strings: the whole table, in the frame's memory.
  Result<Table> RunTable(const Batch& batch, Scratch::Frame& frame) const {
    return estimator_->TransformTable(batch, frame);
  }

 private:
  Model(EstimatorPtr estimator, std::vector<Answer> answers)
      : estimator_(std::move(estimator)), answers_(std::move(answers)) {}

  EstimatorPtr estimator_;
  std::vector<Answer> answers_;
};

// The model file that a path stands for: the path itself, or the one file of a folder that looks
// like one. NOT_FOUND if there is none or more than one.
Result<std::string> FindModelFile(const std::string& path);

// Whether a file or folder looks like a scikit-learn model, by its name and first bytes.
bool LooksLikeModel(const std::string& path);

}  // namespace plinth::sklearn
