// The functions of NumPy that FunctionTransformer calls with arguments of its own (kw_args).
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// A function of one number and up to three arguments.
struct BoundFunction {
  using Arguments = std::array<double, 3>;

  double (*compute)(double, const Arguments&) = nullptr;
  Arguments arguments = {};

  double operator()(double x) const { return compute(x, arguments); }
};

// The function of that name in a pickle ("numpy.clip") with the arguments of a dict, or with none.
// Nothing if it is not known, or takes no argument of such a name or type.
std::optional<BoundFunction> BindFunction(std::string_view path, const Value* arguments);

}  // namespace plinth::sklearn
