#include "boosting/xgboost/objective.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace plinth::sklearn::xgboost {
namespace {

struct Entry {
  std::string_view name;
  Objective objective;
};

constexpr Objective kPlain{Link::kIdentity, false};
constexpr Objective kLog{Link::kExponential, true};

constexpr std::array kObjectives = {
    Entry{"reg:squarederror", kPlain},
    Entry{"reg:linear", kPlain},
    Entry{"reg:squaredlogerror", kPlain},
    Entry{"reg:pseudohubererror", kPlain},
    Entry{"reg:absoluteerror", kPlain},
    Entry{"reg:quantileerror", kPlain},
    Entry{"rank:pairwise", kPlain},
    Entry{"rank:ndcg", kPlain},
    Entry{"rank:map", kPlain},
    Entry{"reg:logistic", {Link::kLogistic, true}},
    Entry{"binary:logistic", {Link::kLogistic, true}},
    Entry{"binary:logitraw", kPlain},
    Entry{"binary:hinge", {Link::kHinge, false}},
    Entry{"count:poisson", kLog},
    Entry{"reg:gamma", kLog},
    Entry{"reg:tweedie", kLog},
    Entry{"survival:cox", kLog},
    Entry{"survival:aft", kLog},
    Entry{"multi:softprob", {Link::kSoftmax, false}},
    Entry{"multi:softmax", {Link::kArgMax, false}},
};

float Logistic(float x) {
  // XGBoost's own: the exponent is kept from overflowing, and the divisor from 0.
  constexpr float kEpsilon = 1e-16F;
  constexpr float kMostExponent = 88.7F;
  const float divisor = std::exp(std::min(-x, kMostExponent)) + 1.0F + kEpsilon;
  return 1.0F / divisor;
}

}  // namespace

float Objective::BaseMargin(float base_score) const {
  if (!base_is_transformed) return base_score;
  if (link == Link::kLogistic) return -std::log(1.0F / base_score - 1.0F);
  return std::log(base_score);
}

void Objective::Transform(float* margins, std::size_t width) const {
  switch (link) {
    case Link::kIdentity:
    case Link::kArgMax:
      return;
    case Link::kLogistic:
      for (std::size_t i = 0; i < width; ++i) margins[i] = Logistic(margins[i]);
      return;
    case Link::kExponential:
      for (std::size_t i = 0; i < width; ++i) margins[i] = std::exp(margins[i]);
      return;
    case Link::kHinge:
      for (std::size_t i = 0; i < width; ++i) margins[i] = margins[i] > 0 ? 1.0F : 0.0F;
      return;
    case Link::kSoftmax:
      return Softmax(margins, width);
  }
}

void Softmax(float* margins, std::size_t width) {
  const float most = *std::max_element(margins, margins + width);
  double sum = 0;
  for (std::size_t i = 0; i < width; ++i) {
    margins[i] = std::exp(margins[i] - most);
    sum += margins[i];
  }
  for (std::size_t i = 0; i < width; ++i) margins[i] /= static_cast<float>(sum);
}

Objective ReadObjective(Fitted& fitted, std::string_view name) {
  const auto found = std::ranges::find(kObjectives, name, &Entry::name);
  if (found != kObjectives.end()) return found->objective;
  fitted.Fail("its objective '" + std::string(name.substr(0, 64)) +
              "' is not known, so what its margins stand for is not either");
  return {};
}

}  // namespace plinth::sklearn::xgboost
