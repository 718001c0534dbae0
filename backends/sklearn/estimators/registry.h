// Which classes can be read, and by which function.
//
// To add an estimator: write its reader and operator in a file of its own, with a function that
// lists its classes (as in families.h), and name that function in registry.cc. A reader gets the
// fitted state and gives back an operator.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "estimators/fitted.h"

namespace plinth::sklearn {

// Null if the state cannot be used: the reason is then in fitted.error().
using ReadFunction = EstimatorPtr (*)(Fitted& fitted);

struct RegistryEntry {
  std::string_view public_name;  // as a user imports it: "sklearn.linear_model.Ridge"
  ReadFunction read;
};

// The name under which a user imports a class: "sklearn.linear_model._ridge.Ridge" (and the paths
// of older versions, such as "sklearn.linear_model.ridge.Ridge") -> "sklearn.linear_model.Ridge".
std::string PublicName(std::string_view class_path);

// Reads an estimator of any known class. `width`: how many columns it will be given, or 0.
// INVALID_MODEL if the class is not known, its state is not what that class has, or the limits are
// passed.
Result<EstimatorPtr> ReadEstimator(const Value& object, ReadLimits& limits, std::size_t width,
                                   int depth = 0);

// All public names, sorted.
std::span<const std::string_view> SupportedEstimators();

}  // namespace plinth::sklearn
