// One estimator's fitted state, read by attribute name.
//
// Reading is sticky: the first thing that is missing or of the wrong shape is kept as the error,
// everything read after it is empty, and the reader asks ok() once at the end. So a reader is a
// list of what the estimator needs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "estimators/estimator.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// A row-major matrix of its own. A vector is one row.
struct Matrix {
  std::vector<double> data;
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool is_vector = false;  // it had fewer than two dimensions
};

// The matrix with its columns as rows.
std::vector<double> Transposed(const Matrix& matrix);

// Limits of one load, shared by all the estimators in it: a file can refer to one part many times,
// and every time costs.
class ReadLimits {
 public:
  explicit ReadLimits(std::size_t budget) : budget_(budget) {}

  static constexpr int kMaxDepth = 32;
  static constexpr std::size_t kMaxColumns = std::size_t{1} << 24;

  // Counts bytes of memory; false if there have been too many.
  [[nodiscard]] bool Charge(std::size_t size) {
    if (size > budget_) return false;
    budget_ -= size;
    return true;
  }

 private:
  std::size_t budget_;
};

class Fitted {
 public:
  // `width` is how many columns the estimator will be given, 0 if that is not known. `object` and
  // `limits` must outlive this.
  Fitted(const Value& object, ReadLimits& limits, std::size_t width, int depth);

  std::string_view class_name() const { return class_name_; }
  // How many columns it will be given; 0 if that is not known.
  std::size_t GivenWidth() const { return width_; }
  ReadLimits& limits() { return limits_; }

  bool ok() const { return !failed_; }
  Error error() const { return error_; }
  // Keeps a reason, unless there is one already; the class's name is put before it.
  void Fail(std::string message);
  // The same for one attribute: "'coef_' is ...".
  void FailFor(std::string_view name, std::string_view problem);

  // An attribute as it is; null if there is none. Has() also wants it not to be None.
  const Value* Find(std::string_view name) const { return object_.Attribute(name); }
  bool Has(std::string_view name) const;
  // An attribute that must be there.
  const Value* Require(std::string_view name);

  // Parameters, with what is assumed where older versions did not write them.
  double Number(std::string_view name, double otherwise);
  bool Flag(std::string_view name, bool otherwise);
  std::string_view Text(std::string_view name, std::string_view otherwise);

  // Required numbers: an array of any shape flattened row by row, or a scalar.
  std::vector<double> Vector(std::string_view name);
  std::vector<double> Vector(std::string_view name, std::size_t size);
  Matrix ReadMatrix(std::string_view name);
  Matrix ReadMatrix(const Value& value, std::string_view name);
  std::vector<std::int64_t> Ints(std::string_view name);
  std::vector<std::int64_t> Ints(const Value& value, std::string_view name);

  // classes_ of a classifier with one target.
  Classes ReadClasses();
  // classes_ of a classifier with any number of targets: fills traits.classes, or traits.targets
  // where it is a list of several arrays.
  void ReadClasses(Traits& traits);
  // The classes in one array.
  Classes ReadClasses(const Value& value, std::string_view name);

  // How many columns the estimator takes, by its arrays (`derived` > 0): fails if n_features_in_ or
  // what it is given disagrees. 0 on failure.
  std::size_t Inputs(std::size_t derived);
  // The same where no array tells: by n_features_in_, else what it is given. Fails if neither is
  // known.
  std::size_t Inputs();

  // Whether the version of scikit-learn that wrote this is at least major.minor. False if none is
  // written.
  bool VersionAtLeast(int major, int minor) const;

  // Reads a part that is an estimator itself; `width` is how many columns it will be given, 0 if
  // that is not known. Null, and the error kept, if it cannot be read.
  EstimatorPtr Child(const Value& object, std::size_t width = 0);
  // The state of a part whose class the reader knows.
  Fitted Part(const Value& object) { return Fitted(object, limits_, 0, depth_ + 1); }

  // With the class's name and feature_names_in_.
  Traits MakeTraits(Role role, std::size_t inputs);

 private:
  const Value& object_;
  ReadLimits& limits_;
  std::size_t width_;
  int depth_;
  std::string class_name_;
  // n_features_in_; 0 where it is not written.
  std::size_t WrittenInputs() const;

  bool failed_ = false;
  Error error_;
};

}  // namespace plinth::sklearn
