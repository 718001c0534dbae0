// The loop that products and distances share: a block of rows against panels, four rows and one
// panel at a time, so that every number that is loaded is used several times.
//
// Sums run over the columns in order, in one accumulator for each pair.
#pragma once

#include <algorithm>

#include "numeric/linear_algebra.h"
#include "numeric/panels.h"

namespace plinth::sklearn {

// Which rows of the panels take part: `first` is a multiple of kLanes.
struct PanelRange {
  std::size_t first = 0;
  std::size_t last = 0;

  std::size_t size() const { return last - first; }
};

inline PanelRange AllOf(const Panels& panels) { return {0, panels.rows()}; }

template <typename Step, std::size_t kRows>
[[gnu::always_inline]] inline void WalkTile(const double* rows, std::size_t width,
                                            const double* panel, double* out, std::size_t stride,
                                            std::size_t used) {
  Lanes sums[kRows] = {};
  for (std::size_t k = 0; k < width; ++k) {
    const Lanes column = *reinterpret_cast<const Lanes*>(panel + k * kLanes);
    for (std::size_t r = 0; r < kRows; ++r) Step::Add(sums[r], rows[r * width + k], column);
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t lane = 0; lane < used; ++lane) out[r * stride + lane] = sums[r][lane];
  }
}

// out[i * range.size() + j] = the sum over k of Step(rows[i][k], fitted[range.first + j][k]).
template <typename Step>
[[gnu::always_inline]] inline void WalkPanels(Rows rows, const Panels& fitted, PanelRange range,
                                              double* out) {
  constexpr std::size_t kTile = 4;
  const std::size_t stride = range.size();
  for (std::size_t at = range.first; at < range.last; at += kLanes) {
    const double* panel = fitted.panel(at / kLanes);
    const std::size_t used = std::min(kLanes, range.last - at);
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

}  // namespace plinth::sklearn
