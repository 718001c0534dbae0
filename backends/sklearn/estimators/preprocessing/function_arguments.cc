#include "estimators/preprocessing/function_arguments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace plinth::sklearn {
namespace {

using Arguments = BoundFunction::Arguments;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargest = std::numeric_limits<double>::max();

// Where one is given as None it counts as not given. NaN goes through, as it does in NumPy.
double Clip(double x, const Arguments& bounds) {
  const double above = x < bounds[0] ? bounds[0] : x;
  return above > bounds[1] ? bounds[1] : above;
}

double NanToNum(double x, const Arguments& replacements) {
  if (std::isnan(x)) return replacements[0];
  if (std::isinf(x)) return replacements[x > 0 ? 1 : 2];
  return x;
}

// As NumPy rounds: to the even neighbour, of the number that has been scaled.
double Round(double x, const Arguments& arguments) {
  const double decimals = arguments[0];
  const double scale = std::pow(10.0, std::abs(decimals));
  if (decimals >= 0) return std::nearbyint(x * scale) / scale;
  return std::nearbyint(x / scale) * scale;
}

struct Parameter {
  std::string_view name;
  std::size_t place;  // in Arguments
};

constexpr Parameter kBounds[] = {{"a_min", 0}, {"a_max", 1}, {"min", 0}, {"max", 1}};
constexpr Parameter kReplacements[] = {{"nan", 0}, {"posinf", 1}, {"neginf", 2}};
constexpr Parameter kDecimals[] = {{"decimals", 0}};

struct Function {
  std::string_view name;
  double (*compute)(double, const Arguments&);
  Arguments defaults;
  std::span<const Parameter> parameters;
};

constexpr Function kFunctions[] = {
    {"clip", Clip, {-kInfinity, kInfinity, 0}, kBounds},
    {"nan_to_num", NanToNum, {0, kLargest, -kLargest}, kReplacements},
    {"round", Round, {0, 0, 0}, kDecimals},
    {"around", Round, {0, 0, 0}, kDecimals},
    {"round_", Round, {0, 0, 0}, kDecimals},
};

std::optional<double> NumberOf(const Value& value) {
  if (value.Is(Kind::kInt)) return static_cast<double>(value.integer);
  if (value.Is(Kind::kFloat)) return value.real;
  return std::nullopt;
}

// Writes one argument to its place. False if the function has none of that name, or of that type.
bool Bind(const Function& function, const Value& name, const Value& value, Arguments& to) {
  if (!name.IsText()) return false;
  if (name.text == "copy") return true;
  const auto parameter = std::ranges::find(function.parameters, name.text, &Parameter::name);
  if (parameter == function.parameters.end()) return false;
  if (value.IsNone()) return true;
  const auto number = NumberOf(value);
  if (number) to[parameter->place] = *number;
  return number.has_value();
}

}  // namespace

std::optional<BoundFunction> BindFunction(std::string_view path, const Value* arguments) {
  // The module has been called numpy, numpy.core.fromnumeric, numpy.lib.type_check, ...
  if (!path.starts_with("numpy.")) return std::nullopt;
  const std::string_view name = path.substr(path.rfind('.') + 1);
  const auto* const function = std::ranges::find(kFunctions, name, &Function::name);
  if (function == std::end(kFunctions)) return std::nullopt;
  BoundFunction bound{function->compute, function->defaults};
  if (arguments == nullptr || arguments->IsNone()) return bound;
  if (!arguments->Is(Kind::kDict)) return std::nullopt;
  for (std::size_t at = 0; at + 1 < arguments->items.size(); at += 2) {
    if (!Bind(*function, *arguments->items[at], *arguments->items[at + 1], bound.arguments)) {
      return std::nullopt;
    }
  }
  return bound;
}

}  // namespace plinth::sklearn
