#include "estimators/naive_bayes/likelihood.h"

#include <algorithm>

#include "numeric/special.h"

namespace plinth::sklearn {

void AnswerLikelihoods(const double* joint, std::size_t rows, std::size_t classes,
                       const Outputs& out) {
  for (std::size_t i = 0; i < rows; ++i) {
    const double* of_row = joint + i * classes;
    if (out.labels) out.labels[i] = static_cast<std::int32_t>(ArgMax(of_row, classes));
    if (out.probabilities == nullptr) continue;
    double* to = out.probabilities + i * classes;
    if (to != of_row) std::copy_n(of_row, classes, to);
    if (!out.logarithms) {
      Softmax(to, classes);
      continue;
    }
    const double total = LogSumExp(to, classes);
    for (std::size_t c = 0; c < classes; ++c) to[c] -= total;
  }
}

}  // namespace plinth::sklearn
