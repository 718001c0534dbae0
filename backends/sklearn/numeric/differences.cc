// Compiled without contraction to fused multiplications: see differences.h.
#include "numeric/differences.h"

namespace plinth::sklearn {
namespace {

#define PLINTH_WIDE_BODY "numeric/differences.inl"
#include "base/for_each_width.h"

}  // namespace

void SquaredDistances(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  PLINTH_WIDEST(SquaredSums)(rows, fitted, range, out);
}

void ManhattanDistances(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  PLINTH_WIDEST(ManhattanSums)(rows, fitted, range, out);
}

void ChebyshevDistances(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  PLINTH_WIDEST(ChebyshevSums)(rows, fitted, range, out);
}

void Chi2Distances(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  PLINTH_WIDEST(Chi2Sums)(rows, fitted, range, out);
}

void SparseProducts(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  PLINTH_WIDEST(ProductSums)(rows, fitted, range, out);
}

void SparseNorms(Rows rows, double* out) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    double sum = 0;
    for (std::size_t k = 0; k < rows.width; ++k) sum += row[k] * row[k];
    out[i] = sum;
  }
}

}  // namespace plinth::sklearn
