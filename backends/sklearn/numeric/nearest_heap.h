// The k nearest of what is pushed: scikit-learn's own heap, because which of several equally far
// neighbours it keeps follows from how it moves them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

namespace plinth::sklearn {

class NearestHeap {
 public:
  // Room for k of each, from someone else. k > 0.
  NearestHeap(double* distances, std::size_t* indices, std::size_t k)
      : distances_(distances), indices_(indices), k_(k) {}

  // Begins with nothing. Without it, goes on with what the room holds.
  void Clear() {
    std::fill_n(distances_, k_, std::numeric_limits<double>::infinity());
    std::fill_n(indices_, k_, std::size_t{0});
  }

  double largest() const { return distances_[0]; }

  // What is as far as the farthest one kept comes too late.
  void Push(double distance, std::size_t index) {
    if (distance < distances_[0]) Sink(distance, index, k_);
  }

  // Nearest first. Ends the heap.
  void Sort() {
    for (std::size_t end = k_ - 1; end > 0; --end) {
      const double distance = distances_[end];
      const std::size_t index = indices_[end];
      distances_[end] = distances_[0];
      indices_[end] = indices_[0];
      Sink(distance, index, end);
    }
  }

 private:
  // Puts something in the place of the farthest one, and down to where it belongs.
  void Sink(double distance, std::size_t index, std::size_t size) {
    std::size_t at = 0;
    while (true) {
      const std::size_t left = 2 * at + 1;
      const std::size_t right = left + 1;
      if (left >= size) break;
      const std::size_t larger =
          right >= size || distances_[left] >= distances_[right] ? left : right;
      if (!(distances_[larger] > distance)) break;
      distances_[at] = distances_[larger];
      indices_[at] = indices_[larger];
      at = larger;
    }
    distances_[at] = distance;
    indices_[at] = index;
  }

  double* distances_;
  std::size_t* indices_;
  std::size_t k_;
};

}  // namespace plinth::sklearn
