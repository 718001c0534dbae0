// The inner products of a block of rows with the rows of a fitted matrix.
#pragma once

#include "numeric/linear_algebra.h"
#include "numeric/panels.h"
#include "numeric/sparse.h"

namespace plinth::sklearn {

// out[i * range.size() + j] = rows[i] . fitted[range.first + j]. Requires rows.width ==
// fitted.columns().
void InnerProducts(Rows rows, const Panels& fitted, PanelRange range, double* out);

// The same of sparse rows with all of the fitted rows.
void InnerProducts(const SparseRows& rows, const Panels& fitted, double* out);

// out[i] = rows[i] . rows[i], rounded in the same way, so that |x|^2 - 2 x . x + |x|^2 is 0 on
// processors that multiply and add in one.
void SquaredNorms(Rows rows, double* out);

}  // namespace plinth::sklearn
