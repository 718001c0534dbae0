#include "numeric/exponential.h"

#include "numeric/wide.h"

namespace plinth::sklearn {
namespace {

#define PLINTH_WIDE_BODY "numeric/exponential.inl"
#include "base/for_each_width.h"

}  // namespace

void ExpScaled(double* values, std::size_t n, double scale) {
  PLINTH_WIDEST(ExpOfScaled)(values, n, scale);
}

PLINTH_WIDE void Sigmoids(double* values, std::size_t n) {
  ExpScaled(values, n, -1);
  for (std::size_t i = 0; i < n; ++i) values[i] = 1 / (1 + values[i]);
}

}  // namespace plinth::sklearn
