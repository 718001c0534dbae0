#include "numeric/panels.h"

#include <algorithm>

namespace plinth::sklearn {

Panels::Panels(const double* data, std::size_t rows, std::size_t columns)
    : rows_(rows), columns_(columns) {
  const std::size_t size = count() * kLanes * columns;
  data_.reset(
      static_cast<double*>(::operator new[](size * sizeof(double), std::align_val_t{kAlignment})));
  std::fill_n(data_.get(), size, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    double* to = data_.get() + i / kLanes * kLanes * columns + i % kLanes;
    for (std::size_t j = 0; j < columns; ++j) to[j * kLanes] = data[i * columns + j];
  }
}

}  // namespace plinth::sklearn
