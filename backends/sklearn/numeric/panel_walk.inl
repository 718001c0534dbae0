// The loop that products and distances share: a block of rows against panels, some rows and one
// panel at a time, so that every number that is loaded is used several times. Included for each
// width.
//
// Sums run over the columns in order, in one accumulator for each pair.

template <typename Step, std::size_t kRows>
[[gnu::always_inline]] inline void WalkTile(const double* rows, std::size_t width,
                                            const double* panel, double* out, std::size_t stride,
                                            std::size_t used) {
  Lanes sums[kRows] = {};
  for (std::size_t k = 0; k < width; ++k) {
    const Lanes column = LoadLanes(panel + k * kLanes);
#pragma GCC unroll 12
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (std::size_t p = 0; p < kParts; ++p)
        Step::Add(sums[r].parts[p], rows[r * width + k], column.parts[p]);
    }
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) StoreLanes(sums[r], out + r * stride, used);
}

// out[i * range.size() + j] = the sum over k of Step(rows[i][k], fitted[range.first + j][k]).
template <typename Step>
[[gnu::always_inline]] inline void WalkPanels(const Rows& rows, const Panels& fitted,
                                              PanelRange range, double* out) {
  // As many sums as there are registers for.
  constexpr std::size_t kTile = kVectorBytes == 16 ? 2 : kVectorBytes == 32 ? 6 : 12;
  const std::size_t stride = range.size();
  for (std::size_t at = range.first; at < range.last; at += kLanes) {
    const double* panel = fitted.panel(at / kLanes);
    const std::size_t used = range.last - at < kLanes ? range.last - at : kLanes;
    double* to = out + (at - range.first);
    std::size_t i = 0;
    for (; i + kTile <= rows.count; i += kTile) {
      WalkTile<Step, kTile>(rows.row(i), rows.width, panel, to + i * stride, stride, used);
    }
    for (; i < rows.count; ++i) {
      WalkTile<Step, 1>(rows.row(i), rows.width, panel, to + i * stride, stride, used);
    }
  }
}
