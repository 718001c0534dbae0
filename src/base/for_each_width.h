// Includes the file PLINTH_WIDE_BODY once for each width of vectors, compiled for processors that
// have them:
//
//   namespace plinth::sklearn {
//   #define PLINTH_WIDE_BODY "numeric/scale.inl"
//   #include "base/for_each_width.h"
//   }
//
// What it defines lies in the namespaces width16, width32 and width64; kVectorBytes tells it which.
// It includes nothing, so that no inline function of others is compiled for processors that may not
// be there. No include guard: once for each body.

namespace width16 {
inline constexpr std::size_t kVectorBytes = 16;
#include PLINTH_WIDE_BODY
}  // namespace width16

#if PLINTH_HAS_WIDTHS
#pragma GCC push_options
#pragma GCC target("avx2,fma,bmi,bmi2")
namespace width32 {
inline constexpr std::size_t kVectorBytes = 32;
#include PLINTH_WIDE_BODY
}  // namespace width32
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma,bmi,bmi2,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")
namespace width64 {
inline constexpr std::size_t kVectorBytes = 64;
#include PLINTH_WIDE_BODY
}  // namespace width64
#pragma GCC pop_options
#endif

#undef PLINTH_WIDE_BODY
