// Codes of few numbers for a row, given the inner products of a dictionary's atoms.
#pragma once

#include <cstddef>
#include <vector>

#include "base/status.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

struct CodingState {
  std::size_t atoms = 0;
  std::vector<double> gram;  // atoms x atoms: their inner products
  std::size_t nonzero = 1;   // matching pursuit: how many atoms a code has at the most
  double penalty = 1;        // the others: the weight of the sum of absolute values
  bool positive = false;
};

// All of these write a code of `atoms` numbers for a row whose inner products with the atoms are
// `products`.

// Orthogonal matching pursuit: takes the atom that fits best, one after the other.
void MatchingPursuit(const CodingState& state, const double* products, double* code,
                     Scratch& scratch);

// The minimum of |x - code @ atoms|^2 / 2 + penalty * |code|_1, to full precision. UNIMPLEMENTED if
// it is not unique, or was not found.
Status Lasso(const CodingState& state, const double* products, double* code, Scratch& scratch);

// The products themselves, less the penalty.
void Threshold(const CodingState& state, const double* products, double* code);

}  // namespace plinth::sklearn
