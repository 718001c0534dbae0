#include "numeric/functions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace plinth::sklearn {
namespace {

struct Function {
  std::string_view name;
  double (*compute)(double);
};

constexpr double kDegree = std::numbers::pi / 180;

double Sign(double x) { return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0)); }

constexpr Function kNumpy[] = {
    {"absolute", [](double x) { return std::abs(x); }},
    {"fabs", [](double x) { return std::abs(x); }},
    {"arccos", [](double x) { return std::acos(x); }},
    {"arccosh", [](double x) { return std::acosh(x); }},
    {"arcsin", [](double x) { return std::asin(x); }},
    {"arcsinh", [](double x) { return std::asinh(x); }},
    {"arctan", [](double x) { return std::atan(x); }},
    {"arctanh", [](double x) { return std::atanh(x); }},
    {"cbrt", [](double x) { return std::cbrt(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"cosh", [](double x) { return std::cosh(x); }},
    {"deg2rad", [](double x) { return x * kDegree; }},
    {"radians", [](double x) { return x * kDegree; }},
    {"exp", [](double x) { return std::exp(x); }},
    {"exp2", [](double x) { return std::exp2(x); }},
    {"expm1", [](double x) { return std::expm1(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"log", [](double x) { return std::log(x); }},
    {"log10", [](double x) { return std::log10(x); }},
    {"log1p", [](double x) { return std::log1p(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"negative", [](double x) { return -x; }},
    {"positive", [](double x) { return x; }},
    {"rad2deg", [](double x) { return x * (180 / std::numbers::pi); }},
    {"degrees", [](double x) { return x * (180 / std::numbers::pi); }},
    {"reciprocal", [](double x) { return 1 / x; }},
    {"rint", [](double x) { return std::nearbyint(x); }},
    {"sign", Sign},
    {"sin", [](double x) { return std::sin(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"square", [](double x) { return x * x; }},
    {"tan", [](double x) { return std::tan(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"trunc", [](double x) { return std::trunc(x); }},
};

constexpr Function kScipy[] = {
    {"expit", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"logit", [](double x) { return std::log(x / (1 - x)); }},
    {"cbrt", [](double x) { return std::cbrt(x); }},
    {"erf", [](double x) { return std::erf(x); }},
    {"exp2", [](double x) { return std::exp2(x); }},
    {"expm1", [](double x) { return std::expm1(x); }},
    {"log1p", [](double x) { return std::log1p(x); }},
};

template <std::size_t N>
double (*FindIn(const Function (&functions)[N], std::string_view name))(double) {
  const auto* found = std::ranges::find(functions, name, &Function::name);
  return found == std::end(functions) ? nullptr : found->compute;
}

}  // namespace

double (*FindFunction(std::string_view path))(double) {
  const std::string_view name = path.substr(path.rfind('.') + 1);
  // NumPy up to 1.25 names the module in which its universal functions are defined.
  if (path.starts_with("numpy.")) {
    const std::string_view module = path.substr(0, path.size() - name.size());
    return module == "numpy." || module == "numpy.core._multiarray_umath." ? FindIn(kNumpy, name)
                                                                           : nullptr;
  }
  return path.starts_with("scipy.special.") ? FindIn(kScipy, name) : nullptr;
}

}  // namespace plinth::sklearn
