// What TfidfTransformer does to a row of counts, alone or as part of TfidfVectorizer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "estimators/fitted.h"
#include "numeric/norm.h"

namespace plinth::sklearn {

struct TfidfWeights {
  bool sublinear = false;    // 1 + log(count)
  std::vector<double> idf;   // one a column; empty: 1
  std::optional<Norm> norm;  // the row is divided by it

  // Applies itself to `n` counts in these columns.
  void Apply(const std::int32_t* columns, double* counts, std::size_t n) const;
};

// Reads them from a TfidfTransformer. `width`: how many columns there are; 0 if the weights are to
// tell.
TfidfWeights ReadTfidfWeights(Fitted& fitted, std::size_t width);

// The one that is to be applied to the rows of a matrix.
std::optional<Norm> ReadNorm(Fitted& fitted);

}  // namespace plinth::sklearn
