#include "estimators/wrappers/pairs.h"

#include <algorithm>
#include <cmath>

namespace plinth::sklearn {

void CountVotes(const double* pairs, std::size_t classes, double* votes) {
  std::fill_n(votes, classes, 0.0);
  for (std::size_t i = 0, pair = 0; i < classes; ++i) {
    for (std::size_t j = i + 1; j < classes; ++j, ++pair) votes[pairs[pair] > 0 ? i : j] += 1;
  }
}

void ScoreClasses(const double* pairs, std::size_t classes, double* scores) {
  for (std::size_t c = 0; c < classes; ++c) {
    double votes = 0;
    double confidence = 0;
    // The pair (i, j) stands at i * classes - i * (i + 1) / 2 + j - i - 1. A decision of exactly 0
    // counts for the first here, other than in libsvm's own votes.
    for (std::size_t other = 0; other < classes; ++other) {
      if (other == c) continue;
      const std::size_t i = std::min(c, other);
      const std::size_t j = std::max(c, other);
      const double decision = pairs[i * classes - i * (i + 1) / 2 + j - i - 1];
      confidence += c == i ? decision : -decision;
      if ((c == i) != (decision < 0)) votes += 1;
    }
    scores[c] = votes + confidence / (3 * (std::abs(confidence) + 1));
  }
}

}  // namespace plinth::sklearn
