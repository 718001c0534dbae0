// Distances as sums over the columns' differences. Included for each width by differences.cc.
#include "numeric/lanes.inl"
#include "numeric/panel_walk.inl"

[[gnu::always_inline]] inline void MakeAbsolute(Vector& values) {
  values = values < 0 ? -values : values;
}

struct Squared {
  [[gnu::always_inline]] static void Add(Vector& sum, double x, const Vector& y) {
    const Vector difference = x - y;
    sum += difference * difference;
  }
};

struct Manhattan {
  [[gnu::always_inline]] static void Add(Vector& sum, double x, const Vector& y) {
    Vector difference = x - y;
    MakeAbsolute(difference);
    sum += difference;
  }
};

struct Chebyshev {
  [[gnu::always_inline]] static void Add(Vector& sum, double x, const Vector& y) {
    Vector difference = x - y;
    MakeAbsolute(difference);
    sum = difference > sum ? difference : sum;
  }
};

struct Chi2 {
  [[gnu::always_inline]] static void Add(Vector& sum, double x, const Vector& y) {
    const Vector difference = x - y;
    const Vector total = x + y;
    sum += total != 0 ? difference * difference / total : Vector{};
  }
};

struct Product {
  [[gnu::always_inline]] static void Add(Vector& sum, double x, const Vector& y) { sum += x * y; }
};

void SquaredSums(const Rows& rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Squared>(rows, fitted, range, out);
}

void ManhattanSums(const Rows& rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Manhattan>(rows, fitted, range, out);
}

void ChebyshevSums(const Rows& rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Chebyshev>(rows, fitted, range, out);
}

void Chi2Sums(const Rows& rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Chi2>(rows, fitted, range, out);
}

void ProductSums(const Rows& rows, const Panels& fitted, PanelRange range, double* out) {
  WalkPanels<Product>(rows, fitted, range, out);
}
