// Fitted matrices that may be sparse.
#pragma once

#include <string_view>

#include "estimators/fitted.h"
#include "numeric/sparse.h"

namespace plinth::sklearn {

// A SciPy CSR matrix, its rows in the order of their columns. Fails in `fitted` if its parts do not
// agree.
SparseMatrix ReadCsr(Fitted& fitted, const Value& object, std::string_view name,
                     std::size_t& width);

// An array, or a SciPy CSR matrix made dense. Fails in `fitted` if its parts do not agree.
Matrix ReadMaybeSparse(Fitted& fitted, std::string_view name);

}  // namespace plinth::sklearn
