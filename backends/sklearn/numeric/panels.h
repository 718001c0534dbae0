// A fitted matrix, laid out for work on all of its rows at once: they stand eight side by side, so
// that a vector register holds one column of eight rows and no sum runs across a register.
//
// Panel p holds rows 8p to 8p + 7, column by column; missing rows of the last panel are zeros.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "numeric/wide.h"

namespace plinth::sklearn {

class Panels {
 public:
  Panels() = default;
  // Copies a row-major matrix. Throws std::bad_alloc.
  Panels(const double* data, std::size_t rows, std::size_t columns);

  // Bytes that a matrix takes.
  static std::size_t SizeFor(std::size_t rows, std::size_t columns) {
    return CountFor(rows) * kLanes * columns * sizeof(double);
  }

  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t count() const { return CountFor(rows_); }
  const double* panel(std::size_t p) const { return data_.get() + p * kLanes * columns_; }

 private:
  static constexpr std::size_t kAlignment = 64;
  struct Deleter {
    void operator()(double* memory) const {
      ::operator delete[](memory, std::align_val_t{kAlignment});
    }
  };

  static std::size_t CountFor(std::size_t rows) { return (rows + kLanes - 1) / kLanes; }

  std::unique_ptr<double[], Deleter> data_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

// Which rows of the panels take part: `first` is a multiple of kLanes.
struct PanelRange {
  std::size_t first = 0;
  std::size_t last = 0;

  std::size_t size() const { return last - first; }
};

inline PanelRange AllOf(const Panels& panels) { return {0, panels.rows()}; }

}  // namespace plinth::sklearn
