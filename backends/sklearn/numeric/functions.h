// Functions of NumPy and SciPy that take one number, by their Python names.
#pragma once

#include <string_view>

namespace plinth::sklearn {

// "numpy.log1p", "scipy.special._ufuncs.expit" ... Null if it is not known.
double (*FindFunction(std::string_view path))(double);

}  // namespace plinth::sklearn
