// Solving X = W H for W with no negative numbers: what NMF does to transform X.
//
// scikit-learn stops when all rows of a call together have converged, so the solvers work on all of
// them at once.
#pragma once

#include <cstddef>
#include <vector>

#include "numeric/linear_algebra.h"
#include "numeric/panels.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

struct Factors {
  std::size_t components = 0;
  Panels by_component;       // H
  Panels by_feature;         // H transposed
  std::vector<double> gram;  // H H'
  std::vector<double> sums;  // of each component
  double l1 = 0;             // penalties on W
  double l2 = 0;
  double beta = 2;  // the divergence: 2 Frobenius, 1 Kullback-Leibler, 0 Itakura-Saito
  double tolerance = 1e-4;
  std::size_t max_steps = 200;
};

// Coordinate descent; beta is 2. Writes W, [rows, components].
void SolveByDescent(const Factors& factors, Rows rows, double* w, Scratch& scratch);

// Multiplicative updates, until the error falls too slowly.
void SolveByUpdates(const Factors& factors, Rows rows, double* w, Scratch& scratch);

// The same updates, until W itself changes too little: as the mini-batch variant does.
void SolveByChange(const Factors& factors, Rows rows, double* w, Scratch& scratch);

}  // namespace plinth::sklearn
