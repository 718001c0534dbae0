// Systems of linear equations whose matrix is symmetric and positive definite.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// Factors an n x n matrix in place: its lower triangle becomes L with L L' = a; the upper one is
// neither read nor changed. False if the matrix is not positive definite.
[[nodiscard]] bool FactorCholesky(double* a, std::size_t n);

// Solves L L' x = b in place, for n numbers of b.
void SolveCholesky(const double* l, std::size_t n, double* b);

}  // namespace plinth::sklearn
