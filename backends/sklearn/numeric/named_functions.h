// The functions of one number that NumPy and SciPy have and that models refer to by name.
#pragma once

#include <string_view>

namespace plinth::sklearn {

using NamedFunction = double (*)(double);

// By the name in a pickle: "numpy.log1p", "scipy.special._ufuncs.expit". Null if it is not known.
NamedFunction FindFunction(std::string_view path);

}  // namespace plinth::sklearn
