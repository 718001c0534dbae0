// Inner products. Included for each width by products.cc.
#include "numeric/lanes.inl"
#include "numeric/panel_walk.inl"

struct Product {
  [[gnu::always_inline]] static void Add(Vector& sum, double x, const Vector& y) { sum += x * y; }
};

void DenseProducts(const Rows& rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Product>(rows, fitted, range, out);
}

void SparseRowProducts(const SparseRows& rows, const Panels& fitted, double* out) {
  const std::size_t stride = fitted.rows();
  for (std::size_t p = 0; p < fitted.count(); ++p) {
    const double* panel = fitted.panel(p);
    const std::size_t left = stride - p * kLanes;
    for (std::size_t i = 0; i < rows.count; ++i) {
      Lanes sum;
      for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
        const auto column = static_cast<std::size_t>(rows.columns[at]);
        const Lanes numbers = LoadLanes(panel + column * kLanes);
#pragma GCC unroll 4
        for (std::size_t part = 0; part < kParts; ++part)
          Product::Add(sum.parts[part], rows.values[at], numbers.parts[part]);
      }
      StoreLanes(sum, out + i * stride + p * kLanes, left < kLanes ? left : kLanes);
    }
  }
}
