// Compiling code for several generations of processors, the widest that is at hand being chosen
// when the program runs.
//
// A plain loop, which the compiler makes vectors of, is cloned:
//
//   PLINTH_WIDE void Scale(double* values, std::size_t n) { ... }
//
// Code that is written with vectors must not use wider ones than the processor has, since GCC keeps
// those in memory, which is many times as slow. It is a file of its own that is compiled for each
// width (see for_each_width.h), and chosen from:
//
//   return PLINTH_WIDEST(Scale)(values, n);
#pragma once

#include <cstddef>

// Sanitizers instrument before the choice could be made, so they see the plain loop; clang, which
// only checks and fuzzes, has no such pragmas as for_each_width.h needs.
#if defined(__x86_64__) && !defined(PLINTH_SANITIZED) && !defined(__clang__)
#define PLINTH_HAS_WIDTHS 1
#define PLINTH_WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#define PLINTH_WIDEST(function)                         \
  (::plinth::VectorBytes() == 64   ? &width64::function \
   : ::plinth::VectorBytes() == 32 ? &width32::function \
                                   : &width16::function)
#else
#define PLINTH_HAS_WIDTHS 0
#define PLINTH_WIDE
#define PLINTH_WIDEST(function) (&width16::function)
#endif

namespace plinth {

// A vector of numbers, kBytes in all. By typedef: GCC ignores the size in a template's `using`.
template <typename Number, std::size_t kBytes>
struct VectorOf {
  typedef Number Type __attribute__((vector_size(kBytes), may_alias));
  static_assert(sizeof(Type) == kBytes);
};

#if PLINTH_HAS_WIDTHS
// How wide the processor's vectors are: 64 bytes with x86-64-v4, 32 with v3, else 16.
inline std::size_t VectorBytes() {
  static const std::size_t bytes = [] {
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return std::size_t{v4 ? 64U : v3 ? 32U : 16U};
  }();
  return bytes;
}
#endif

}  // namespace plinth
