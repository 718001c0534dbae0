// libsvm's models: kernel values for the support vectors, weighted and summed.
#pragma once

#include <vector>

#include "estimators/fitted.h"
#include "numeric/kernel.h"

namespace plinth::sklearn {

// Computes decisions: one for regression and outliers, one for each pair of classes otherwise, in
// the order (0, 1), (0, 2), ..., (1, 2), ...: positive for the first of the pair.
class SvmDecision {
 public:
  // Reads dual coefficients, intercepts and support vectors. `classes`: 0 where there is one
  // decision. Fails in `fitted` if the parts do not agree.
  static SvmDecision Read(Fitted& fitted, std::size_t classes);

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return intercepts_.size(); }

  // out[n, outputs()]
  void Compute(Rows rows, double* out, Scratch& scratch) const;
  void Compute(const SparseRows& rows, double* out, Scratch& scratch) const;

 private:
  // A decision sums coefficients over one run of support vectors for each class of its pair.
  struct Term {
    std::size_t output;
    std::size_t coefficient;  // index of the first in coefficients_
    std::size_t first;        // index of the first support vector
    std::size_t count;
  };

  void ReadTerms(Fitted& fitted, std::size_t classes, const Matrix& dual);
  void ReadKernelOf(Fitted& fitted, std::size_t support);
  // With the linear kernel the sums over support vectors are taken once, when the model is read.
  void Collapse(Fitted& fitted, std::size_t support);
  // The decisions of rows whose kernel values are known.
  void Sum(const double* values, std::size_t count, double* out) const;

  std::size_t inputs_ = 0;
  Kernel kernel_;
  std::vector<double> coefficients_;
  std::vector<Term> terms_;
  std::vector<double> intercepts_;
  std::vector<double> weights_;  // linear: outputs x inputs; terms_ is empty
};

}  // namespace plinth::sklearn
