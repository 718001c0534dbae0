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

// What a caller may want of a model. Which of them there are depends on the estimator and the
// method chosen at load.
enum class Answer : std::uint8_t {
  kLabel,          // "label" [n]: int64, float64 or strings, as the classes are
  kProbabilities,  // "probabilities" float64 [n, classes]
  kDecision,       // "decision" float64 [n] or [n, width]
  kPrediction,     // "prediction" float64 [n] or [n, outputs]
  kTransformed,    // "transformed" float64 [n, outputs]
};

std::string_view NameOf(Answer answer);

struct ModelOptions {
  // Which of the estimator's methods to serve: "predict", "predict_proba", "decision_function",
  // "transform", or "" for what the estimator offers: label and probabilities, prediction, or
  // transformed.
  std::string method;
  // Columns of X, for estimators so old that they do not say; 0 if not known.
  std::size_t width = 0;
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
  // Numbers a row; 1 for labels.
  std::size_t WidthOf(Answer answer) const;
  // Whether the answer has one dimension.
  bool IsFlat(Answer answer) const;

  // Runs the model on all rows. Any number of threads at once. Works through blocks of rows, so
  // that what passes between the steps of a pipeline stays in the cache.
  Status Run(Rows rows, const Outputs& out) const;

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
