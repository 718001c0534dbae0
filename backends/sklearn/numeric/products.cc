#include "numeric/products.h"

#include <cmath>

namespace plinth::sklearn {
namespace {

#define PLINTH_WIDE_BODY "numeric/products.inl"
#include "base/for_each_width.h"

}  // namespace

void InnerProducts(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  PLINTH_WIDEST(DenseProducts)(rows, fitted, range, out);
}

void InnerProducts(const SparseRows& rows, const Panels& fitted, double* out) {
  PLINTH_WIDEST(SparseRowProducts)(rows, fitted, out);
}

PLINTH_WIDE void SquaredNorms(Rows rows, double* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    double sum = 0;
    for (std::size_t k = 0; k < rows.width; ++k) sum = std::fma(row[k], row[k], sum);
    out[i] = sum;
  }
}

}  // namespace plinth::sklearn
