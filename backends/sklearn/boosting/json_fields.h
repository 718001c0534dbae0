// Reads a document's members by name. As in Fitted, the first that is missing or wrong is kept as
// the estimator's error, and everything read after it is empty.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "boosting/json.h"
#include "estimators/fitted.h"

namespace plinth::sklearn {

class JsonFields {
 public:
  // Both must outlive this. An object or an element of one.
  JsonFields(Fitted& fitted, const Json& object) : fitted_(fitted), object_(object) {}

  Fitted& fitted() { return fitted_; }
  bool Has(std::string_view name) const { return object_.Find(name) != nullptr; }
  // A member that must be there, of the type; an empty one of that type otherwise.
  const Json& Require(std::string_view name, Json::Type type);
  JsonFields Object(std::string_view name) {
    return JsonFields(fitted_, Require(name, Json::Type::kObject));
  }
  // A number, or a text that is one.
  double Number(std::string_view name);
  double Number(std::string_view name, double otherwise);
  // A whole number from `least` to `most`.
  std::size_t Count(std::string_view name, std::size_t least, std::size_t most);
  std::string_view Text(std::string_view name);
  // An array of `size` numbers.
  const std::vector<double>& Numbers(std::string_view name);
  const std::vector<double>& Numbers(std::string_view name, std::size_t size);
  // The same as whole numbers that int32 holds.
  std::vector<std::int32_t> Ints(std::string_view name);
  std::vector<std::int32_t> Ints(std::string_view name, std::size_t size);

 private:
  Fitted& fitted_;
  const Json& object_;
};

}  // namespace plinth::sklearn
