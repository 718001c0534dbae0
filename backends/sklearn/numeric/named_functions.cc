#include "numeric/named_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "numeric/linear_algebra.h"

namespace plinth::sklearn {
namespace {

struct Entry {
  std::string_view name;
  NamedFunction function;
};

double NanToNum(double x) {
  if (std::isnan(x)) return 0;
  return std::isinf(x) ? std::copysign(std::numeric_limits<double>::max(), x) : x;
}

constexpr std::array kNumpy = {
    Entry{"abs", [](double x) { return std::abs(x); }},
    Entry{"absolute", [](double x) { return std::abs(x); }},
    Entry{"arccos", [](double x) { return std::acos(x); }},
    Entry{"arccosh", [](double x) { return std::acosh(x); }},
    Entry{"arcsin", [](double x) { return std::asin(x); }},
    Entry{"arcsinh", [](double x) { return std::asinh(x); }},
    Entry{"arctan", [](double x) { return std::atan(x); }},
    Entry{"arctanh", [](double x) { return std::atanh(x); }},
    Entry{"cbrt", [](double x) { return std::cbrt(x); }},
    Entry{"ceil", [](double x) { return std::ceil(x); }},
    Entry{"cos", [](double x) { return std::cos(x); }},
    Entry{"cosh", [](double x) { return std::cosh(x); }},
    Entry{"deg2rad", [](double x) { return x * (std::numbers::pi / 180); }},
    Entry{"degrees", [](double x) { return x * (180 / std::numbers::pi); }},
    Entry{"exp", [](double x) { return std::exp(x); }},
    Entry{"exp2", [](double x) { return std::exp2(x); }},
    Entry{"expm1", [](double x) { return std::expm1(x); }},
    Entry{"fabs", [](double x) { return std::abs(x); }},
    Entry{"floor", [](double x) { return std::floor(x); }},
    Entry{"log", [](double x) { return std::log(x); }},
    Entry{"log10", [](double x) { return std::log10(x); }},
    Entry{"log1p", [](double x) { return std::log1p(x); }},
    Entry{"log2", [](double x) { return std::log2(x); }},
    Entry{"nan_to_num", NanToNum},
    Entry{"negative", [](double x) { return -x; }},
    Entry{"positive", [](double x) { return x; }},
    Entry{"rad2deg", [](double x) { return x * (180 / std::numbers::pi); }},
    Entry{"radians", [](double x) { return x * (std::numbers::pi / 180); }},
    Entry{"reciprocal", [](double x) { return 1 / x; }},
    Entry{"rint", [](double x) { return std::nearbyint(x); }},
    Entry{"sign", [](double x) { return x > 0   ? 1.0
                                        : x < 0 ? -1.0
                                                : x; }},
    Entry{"sin", [](double x) { return std::sin(x); }},
    Entry{"sinh", [](double x) { return std::sinh(x); }},
    Entry{"sqrt", [](double x) { return std::sqrt(x); }},
    Entry{"square", [](double x) { return x * x; }},
    Entry{"tan", [](double x) { return std::tan(x); }},
    Entry{"tanh", [](double x) { return std::tanh(x); }},
    Entry{"trunc", [](double x) { return std::trunc(x); }},
};

constexpr std::array kScipy = {
    Entry{"cbrt", [](double x) { return std::cbrt(x); }},
    Entry{"exp10", [](double x) { return std::pow(10.0, x); }},
    Entry{"exp2", [](double x) { return std::exp2(x); }},
    Entry{"expit", Sigmoid},
    Entry{"expm1", [](double x) { return std::expm1(x); }},
    Entry{"log1p", [](double x) { return std::log1p(x); }},
    Entry{"logit", [](double x) { return std::log(x / (1 - x)); }},
};

NamedFunction Find(const auto& entries, std::string_view name) {
  const auto found = std::ranges::find(entries, name, &Entry::name);
  return found == entries.end() ? nullptr : found->function;
}

}  // namespace

NamedFunction FindFunction(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return nullptr;
  const std::string_view module = path.substr(0, dot);
  const std::string_view name = path.substr(dot + 1);
  if (module == "numpy" || module == "numpy.core.umath" ||
      module == "numpy.core._multiarray_umath") {
    return Find(kNumpy, name);
  }
  return module.starts_with("scipy.special") ? Find(kScipy, name) : nullptr;
}

}  // namespace plinth::sklearn
