// The closeness of rows. Included for each width by rough_rows.cc.

using Vector = VectorOf<float, kVectorBytes>::Type;
constexpr std::size_t kEach = kVectorBytes / sizeof(float);
constexpr std::size_t kParts = kSideBySide / kEach;

// kRows rows against kPanels panels that follow each other.
template <std::size_t kRows, std::size_t kPanels>
[[gnu::always_inline]] inline void RoughTile(const float* rows, std::size_t width,
                                             const float* panels, const float* halves, float* out,
                                             std::size_t stride) {
  const std::size_t next = width * kSideBySide;
  Vector sums[kRows][kPanels][kParts];
#pragma GCC unroll 8
  for (std::size_t n = 0; n < kPanels; ++n) {
#pragma GCC unroll 4
    for (std::size_t p = 0; p < kParts; ++p) {
      Vector half;
      __builtin_memcpy(&half, halves + n * kSideBySide + p * kEach, sizeof(Vector));
#pragma GCC unroll 12
      for (std::size_t r = 0; r < kRows; ++r) sums[r][n][p] = -half;
    }
  }
  for (std::size_t k = 0; k < width; ++k) {
#pragma GCC unroll 8
    for (std::size_t n = 0; n < kPanels; ++n) {
      Vector column[kParts];
#pragma GCC unroll 4
      for (std::size_t p = 0; p < kParts; ++p) {
        __builtin_memcpy(&column[p], panels + n * next + k * kSideBySide + p * kEach,
                         sizeof(Vector));
      }
#pragma GCC unroll 12
      for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
        for (std::size_t p = 0; p < kParts; ++p) sums[r][n][p] += rows[r * width + k] * column[p];
      }
    }
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t n = 0; n < kPanels; ++n) {
#pragma GCC unroll 4
      for (std::size_t p = 0; p < kParts; ++p) {
        const Vector sum = sums[r][n][p];
        __builtin_memcpy(out + r * stride + n * kSideBySide + p * kEach, &sum, sizeof(Vector));
      }
    }
  }
}

// `panels` panels, whose halves stand at `halves`.
void RoughProducts(const float* rows, std::size_t count, std::size_t width, const float* panel,
                   const float* halves, std::size_t panels, float* out) {
  // As many sums as there are registers for; of one row, as many as hide what an addition takes.
  constexpr std::size_t kTile = kVectorBytes == 16 ? 2 : kVectorBytes == 32 ? 6 : 12;
  constexpr std::size_t kAtOnce = 8 / kParts;
  const std::size_t next = width * kSideBySide;
  const std::size_t stride = panels * kSideBySide;
  const std::size_t whole = count / kTile * kTile;
  for (std::size_t p = 0; p < panels && whole > 0; ++p) {
    for (std::size_t i = 0; i < whole; i += kTile)
      RoughTile<kTile, 1>(rows + i * width, width, panel + p * next, halves + p * kSideBySide,
                          out + i * stride + p * kSideBySide, stride);
  }
  for (std::size_t i = whole; i < count; ++i) {
    const float* row = rows + i * width;
    float* to = out + i * stride;
    std::size_t p = 0;
    for (; p + kAtOnce <= panels; p += kAtOnce)
      RoughTile<1, kAtOnce>(row, width, panel + p * next, halves + p * kSideBySide,
                            to + p * kSideBySide, stride);
    for (; p < panels; ++p)
      RoughTile<1, 1>(row, width, panel + p * next, halves + p * kSideBySide, to + p * kSideBySide,
                      stride);
  }
}
