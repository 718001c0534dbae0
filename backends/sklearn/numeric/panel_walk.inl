// The loop that products and distances share: a block of rows against panels, some rows and some
// panels at a time, so that every number that is loaded is used several times, and so that enough
// sums go on side by side: each waits for its last addition. Included for each width.
//
// Sums run over the columns in order, in one accumulator for each pair.

// kRows rows against kPanels panels that follow each other, of whose last one `used` rows count.
template <typename Step, std::size_t kRows, std::size_t kPanels>
[[gnu::always_inline]] inline void WalkTile(const double* rows, std::size_t width,
                                            const double* panels, double* out, std::size_t stride,
                                            std::size_t used) {
  const std::size_t next = width * kLanes;
  Lanes sums[kRows][kPanels] = {};
  for (std::size_t k = 0; k < width; ++k) {
#pragma GCC unroll 8
    for (std::size_t n = 0; n < kPanels; ++n) {
      const Lanes column = LoadLanes(panels + n * next + k * kLanes);
#pragma GCC unroll 12
      for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (std::size_t p = 0; p < kParts; ++p)
          Step::Add(sums[r][n].parts[p], rows[r * width + k], column.parts[p]);
      }
    }
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t n = 0; n < kPanels; ++n) {
      StoreLanes(sums[r][n], out + r * stride + n * kLanes, n + 1 < kPanels ? kLanes : used);
    }
  }
}

// One row against all panels of the range.
template <typename Step>
[[gnu::always_inline]] inline void WalkRow(const double* row, const Panels& fitted,
                                           PanelRange range, double* out) {
  constexpr std::size_t kAtOnce = 8 / kParts;
  const std::size_t width = fitted.columns();
  std::size_t at = range.first;
  for (; at + kAtOnce * kLanes <= range.last; at += kAtOnce * kLanes) {
    WalkTile<Step, 1, kAtOnce>(row, width, fitted.panel(at / kLanes), out + (at - range.first), 0,
                               kLanes);
  }
  for (; at < range.last; at += kLanes) {
    const std::size_t used = range.last - at < kLanes ? range.last - at : kLanes;
    WalkTile<Step, 1, 1>(row, width, fitted.panel(at / kLanes), out + (at - range.first), 0, used);
  }
}

// out[i * range.size() + j] = the sum over k of Step(rows[i][k], fitted[range.first + j][k]).
template <typename Step>
[[gnu::always_inline]] inline void WalkPanels(const Rows& rows, const Panels& fitted,
                                              PanelRange range, double* out) {
  // As many sums as there are registers for.
  constexpr std::size_t kTile = kVectorBytes == 16 ? 2 : kVectorBytes == 32 ? 6 : 12;
  const std::size_t stride = range.size();
  const std::size_t pairs = rows.count / 2 * 2;
  for (std::size_t at = range.first; at < range.last && pairs > 0; at += kLanes) {
    const double* panel = fitted.panel(at / kLanes);
    const std::size_t used = range.last - at < kLanes ? range.last - at : kLanes;
    double* to = out + (at - range.first);
    std::size_t i = 0;
    for (; i + kTile <= pairs; i += kTile) {
      WalkTile<Step, kTile, 1>(rows.row(i), rows.width, panel, to + i * stride, stride, used);
    }
    for (; i < pairs; i += 2) {
      WalkTile<Step, 2, 1>(rows.row(i), rows.width, panel, to + i * stride, stride, used);
    }
  }
  if (pairs < rows.count) WalkRow<Step>(rows.row(pairs), fitted, range, out + pairs * stride);
}
