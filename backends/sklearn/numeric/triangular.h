// Systems of linear equations with small or triangular matrices.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// Solves L V = B for many right-hand sides at once, in place: `lower` is n x n, of which the part
// above the diagonal is not looked at; `b` is n x count.
void SolveLower(const double* lower, std::size_t n, double* b, std::size_t count);

// Solves A x = b for a symmetric positive definite A of n x n: factors it in place and puts x in
// the place of b. NaN where A is not positive definite.
void SolvePositiveDefinite(double* a, std::size_t n, double* b);

}  // namespace plinth::sklearn
