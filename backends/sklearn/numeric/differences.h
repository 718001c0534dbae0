// Distances between a block of rows and the rows of a fitted matrix, as sums over the columns'
// differences; and the products that distances between sparse rows are made of.
//
// They are rounded exactly as the plain loop that scikit-learn compiles: one sum in the order of
// the columns, no fused multiplication. So distances that are equal there are equal here, and what
// hangs on such ties comes out the same.
#pragma once

#include "numeric/linear_algebra.h"
#include "numeric/panels.h"

namespace plinth::sklearn {

// out[i * range.size() + j] = the distance of rows[i] and fitted[range.first + j]. Requires
// rows.width == fitted.columns().
void SquaredDistances(Rows rows, const Panels& fitted, PanelRange range, double* out);
void ManhattanDistances(Rows rows, const Panels& fitted, PanelRange range, double* out);
void ChebyshevDistances(Rows rows, const Panels& fitted, PanelRange range, double* out);

// The sum of (x - y)^2 / (x + y) over the columns where x + y is not 0.
void Chi2Distances(Rows rows, const Panels& fitted, PanelRange range, double* out);

// The inner products, and out[i] = rows[i] . rows[i]: as scipy.sparse has them, whose sums are
// plain loops over what is stored. Those of dense matrices are in products.h.
void SparseProducts(Rows rows, const Panels& fitted, PanelRange range, double* out);
void SparseNorms(Rows rows, double* out);

}  // namespace plinth::sklearn
