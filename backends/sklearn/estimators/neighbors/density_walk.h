// The density at a point, by bounds over the nodes of a tree that are narrowed until they are close
// enough: scikit-learn's own walk, because what it leaves of the bounds is in its answers, also
// where no tolerance is allowed.
#pragma once

#include <vector>

#include "estimators/neighbors/density_kernel.h"
#include "estimators/neighbors/neighbor_tree.h"
#include "numeric/scratch.h"

namespace plinth::sklearn {

struct DensityModel {
  NeighborTree tree;
  DensityShape shape = DensityShape::kGaussian;
  double bandwidth = 1;
  double log_norm = 0;
  double log_absolute = 0;  // the tolerances
  double log_relative = 0;
  bool breadth_first = true;
  double weight = 0;                // of all points
  std::vector<double> log_nodes;    // the logarithm of each node's weight
  std::vector<double> log_weights;  // of the fitted rows; empty: all 0

  // The logarithm of the sum over all points.
  double LogSum(const double* x, Scratch& scratch) const;
};

}  // namespace plinth::sklearn
