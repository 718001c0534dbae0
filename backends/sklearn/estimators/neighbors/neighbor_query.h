// The neighbours that a model asks for: the k nearest of a row, or all within a radius, and how
// much each of them counts.
#pragma once

#include <cstddef>
#include <utility>

#include "estimators/neighbors/neighbor_search.h"

namespace plinth::sklearn {

// What was found for one row: `distances` may be written over.
struct Neighborhood {
  double* distances = nullptr;
  const std::size_t* indices = nullptr;
  std::size_t count = 0;
};

class NeighborQuery {
 public:
  // Reads n_neighbors, or radius, and `weights` with what to search. Fails in `fitted`.
  static NeighborQuery ReadNearest(Fitted& fitted) { return Read(fitted, false); }
  static NeighborQuery ReadWithin(Fitted& fitted) { return Read(fitted, true); }

  const NeighborSearch& search() const { return *search_; }
  bool by_radius() const { return by_radius_; }
  // How many neighbours a row has; by radius, the most it may have.
  std::size_t most() const { return by_radius_ ? search_->size() : k_; }
  // Near neighbours count more (weights="distance").
  bool weighted() const { return weighted_; }
  // One more or fewer than the parameter says.
  void SetCount(Fitted& fitted, std::size_t k);

  // Calls `use(row, neighborhood)` for each row until it gives an error.
  template <typename Use>
  Status ForEach(Rows rows, Scratch& scratch, Use use) const {
    Scratch::Frame frame(scratch);
    const std::size_t room = by_radius_ ? search_->size() : rows.count * k_;
    double* distances = frame.Take<double>(room);
    std::size_t* indices = frame.Take<std::size_t>(room);
    if (!by_radius_) search_->Nearest(rows, k_, distances, indices, scratch);
    for (std::size_t i = 0; i < rows.count; ++i) {
      Neighborhood found{distances + i * k_, indices + i * k_, k_};
      if (by_radius_) {
        const Rows row{rows.row(i), 1, rows.width, rows.first + i};
        found = {distances, indices, search_->Within(row, radius_, distances, indices, scratch)};
      }
      if (Status status = use(i, found); !status) return status;
    }
    return {};
  }

 private:
  static NeighborQuery Read(Fitted& fitted, bool by_radius);

  NeighborSearchPtr search_;
  bool by_radius_ = false;
  std::size_t k_ = 0;
  double radius_ = 0;
  bool weighted_ = false;
};

// Distances to weights, in place: one over each; where some are 0, these count 1 and the others 0.
void WeighDistances(const Neighborhood& found);

}  // namespace plinth::sklearn
