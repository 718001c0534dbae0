#include "numeric/products.h"

#include <cmath>

namespace plinth::sklearn {
namespace {

struct Product {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) { sum += x * y; }
};

}  // namespace

PLINTH_WIDE void InnerProducts(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Product>(rows, fitted, range, out);
}

PLINTH_WIDE void InnerProducts(const SparseRows& rows, const Panels& fitted, double* out) {
  const std::size_t stride = fitted.rows();
  for (std::size_t p = 0; p < fitted.count(); ++p) {
    const double* panel = fitted.panel(p);
    const std::size_t used = std::min(kLanes, stride - p * kLanes);
    for (std::size_t i = 0; i < rows.count; ++i) {
      Lanes sum = {};
      for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
        const auto column = static_cast<std::size_t>(rows.columns[at]);
        Product::Add(sum, rows.values[at],
                     *reinterpret_cast<const Lanes*>(panel + column * kLanes));
      }
      for (std::size_t lane = 0; lane < used; ++lane)
        out[i * stride + p * kLanes + lane] = sum[lane];
    }
  }
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
