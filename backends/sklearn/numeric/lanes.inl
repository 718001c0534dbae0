// Eight doubles in vectors of kVectorBytes. Included for each width.

using Vector = VectorOf<double, kVectorBytes>::Type;
constexpr std::size_t kEach = kVectorBytes / sizeof(double);
constexpr std::size_t kParts = kLanes / kEach;

struct Lanes {
  Vector parts[kParts] = {};
};

// Wherever the numbers lie. Vector by vector: whoever copies all of them at once takes their
// address, and they leave the registers.
[[gnu::always_inline]] inline Lanes LoadLanes(const double* from) {
  Lanes lanes;
#pragma GCC unroll 4
  for (std::size_t p = 0; p < kParts; ++p)
    __builtin_memcpy(&lanes.parts[p], from + p * kEach, sizeof(Vector));
  return lanes;
}

// The first `used` of them.
[[gnu::always_inline]] inline void StoreLanes(const Lanes& lanes, double* to, std::size_t used) {
#pragma GCC unroll 4
  for (std::size_t p = 0; p < kParts; ++p) {
    const Vector part = lanes.parts[p];
    if (used >= (p + 1) * kEach) {
      __builtin_memcpy(to + p * kEach, &part, sizeof(Vector));
      continue;
    }
    for (std::size_t lane = 0; p * kEach + lane < used; ++lane) to[p * kEach + lane] = part[lane];
    return;
  }
}
