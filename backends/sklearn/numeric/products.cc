#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

struct Product {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) { sum += x * y; }
};

}  // namespace

PLINTH_WIDE void InnerProducts(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Product>(rows, fitted, range, out);
}

}  // namespace plinth::sklearn
