// Fitted matrices that may be sparse.
#pragma once

#include <string_view>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// An array, or a SciPy CSR matrix made dense. Fails in `fitted` if its parts do not agree.
Matrix ReadMaybeSparse(Fitted& fitted, std::string_view name);

}  // namespace plinth::sklearn
