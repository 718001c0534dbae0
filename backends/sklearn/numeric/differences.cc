// Compiled without contraction to fused multiplications: see differences.h.
#include "numeric/differences.h"

namespace plinth::sklearn {
namespace {

[[gnu::always_inline]] inline void MakeAbsolute(Lanes& values) {
  values = values < 0 ? -values : values;
}

struct Squared {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) {
    const Lanes difference = x - y;
    sum += difference * difference;
  }
};

struct Manhattan {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) {
    Lanes difference = x - y;
    MakeAbsolute(difference);
    sum += difference;
  }
};

struct Chebyshev {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) {
    Lanes difference = x - y;
    MakeAbsolute(difference);
    sum = difference > sum ? difference : sum;
  }
};

struct Chi2 {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) {
    const Lanes difference = x - y;
    const Lanes total = x + y;
    sum += total != 0 ? difference * difference / total : Lanes{};
  }
};

struct Product {
  [[gnu::always_inline]] static void Add(Lanes& sum, double x, const Lanes& y) { sum += x * y; }
};

}  // namespace

PLINTH_WIDE void SquaredDistances(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Squared>(rows, fitted, range, out);
}

PLINTH_WIDE void ManhattanDistances(Rows rows, const Panels& fitted, PanelRange range,
                                    double* out) {
  WalkPanels<Manhattan>(rows, fitted, range, out);
}

PLINTH_WIDE void ChebyshevDistances(Rows rows, const Panels& fitted, PanelRange range,
                                    double* out) {
  WalkPanels<Chebyshev>(rows, fitted, range, out);
}

PLINTH_WIDE void Chi2Distances(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Chi2>(rows, fitted, range, out);
}

PLINTH_WIDE void SparseProducts(Rows rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Product>(rows, fitted, range, out);
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
