// A fitted estimator as an operator: rows in, numbers out. Immutable after it was read, so any
// number of threads may run it at once.
//
// Which outputs there are depends on the role:
//   transformer  values [n, outputs]
//   regressor    values [n, outputs]
//   classifier   labels [n] as indices into classes(), probabilities [n, classes], decision [n,
//   decision_width]
// An estimator fills what the caller gave room for and computes shared parts once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "numeric/linear_algebra.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

enum class Role : std::uint8_t { kTransformer, kRegressor, kClassifier };

// What the labels of a classifier stand for. One of the lists is filled, in the order of the
// indices.
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

struct Traits {
  Role role = Role::kTransformer;
  std::string name;            // the class's name, for messages
  std::size_t inputs = 0;      // columns of X
  std::size_t outputs = 0;     // columns of `values`; 0 for a classifier
  std::size_t widest = 0;      // the most numbers a row takes on its way: bounds a call's memory
  bool flat = false;           // regressors: predictions are [n] rather than [n, outputs]
  Classes classes;             // classifiers
  bool probabilities = false;  // classifiers: predict_proba exists
  std::size_t decision_width =
      0;  // classifiers: columns of the decision function; 0 if there is none
};

// Where results go. Null for what is not wanted; never set for what the traits say is not there.
struct Outputs {
  double* values = nullptr;
  std::int32_t* labels = nullptr;
  double* probabilities = nullptr;
  double* decision = nullptr;
};

class Estimator {
 public:
  explicit Estimator(Traits traits);
  virtual ~Estimator() = default;
  Estimator(const Estimator&) = delete;
  Estimator& operator=(const Estimator&) = delete;

  const Traits& traits() const { return traits_; }

  // Requires rows.width == traits().inputs. INVALID_ARGUMENT for values that scikit-learn would
  // refuse.
  virtual Status Run(Rows rows, const Outputs& out, Scratch& scratch) const = 0;

 protected:
  // The error that scikit-learn raises for NaN or infinity in X, saying where.
  Status CheckFinite(Rows rows, bool allow_nan = false) const;

 private:
  Traits traits_;
};

using EstimatorPtr = std::unique_ptr<const Estimator>;

}  // namespace plinth::sklearn
