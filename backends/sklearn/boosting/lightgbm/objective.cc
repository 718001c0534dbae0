#include "boosting/lightgbm/objective.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "boosting/lightgbm/text.h"
#include "boosting/parse_number.h"
#include "numeric/linear_algebra.h"

namespace plinth::sklearn::lightgbm {
namespace {

using Link = Objective::Link;

struct Entry {
  std::string_view name;
  Link link;
};

constexpr std::array kObjectives = {
    Entry{"", Link::kIdentity},
    Entry{"custom", Link::kIdentity},
    Entry{"none", Link::kIdentity},
    Entry{"regression", Link::kIdentity},
    Entry{"regression_l1", Link::kIdentity},
    Entry{"huber", Link::kIdentity},
    Entry{"fair", Link::kIdentity},
    Entry{"quantile", Link::kIdentity},
    Entry{"mape", Link::kIdentity},
    Entry{"lambdarank", Link::kIdentity},
    Entry{"rank_xendcg", Link::kIdentity},
    Entry{"poisson", Link::kExponential},
    Entry{"gamma", Link::kExponential},
    Entry{"tweedie", Link::kExponential},
    Entry{"binary", Link::kLogistic},
    Entry{"multiclassova", Link::kLogistic},
    Entry{"cross_entropy", Link::kLogistic},
    Entry{"cross_entropy_lambda", Link::kLog1pExp},
    Entry{"multiclass", Link::kSoftmax},
};

}  // namespace

void Objective::Transform(double* raw, std::size_t width) const {
  if (link == Link::kSoftmax) return Softmax(raw, width);
  for (std::size_t i = 0; i < width; ++i) {
    switch (link) {
      case Link::kIdentity:
      case Link::kSoftmax:
        break;
      case Link::kSignedSquare:
        raw[i] = std::copysign(raw[i] * raw[i], raw[i]);
        break;
      case Link::kExponential:
        raw[i] = std::exp(raw[i]);
        break;
      case Link::kLogistic:
        raw[i] = 1.0 / (1.0 + std::exp(-slope * raw[i]));
        break;
      case Link::kLog1pExp:
        raw[i] = std::log1p(std::exp(raw[i]));
        break;
    }
  }
}

Objective ReadObjective(Fitted& fitted, std::string_view text) {
  constexpr std::string_view kSlope = "sigmoid:";
  Objective objective;
  const std::string_view name = TakeUpTo(text, ' ');
  const auto found = std::ranges::find(kObjectives, name, &Entry::name);
  if (found == kObjectives.end()) {
    fitted.Fail("its objective '" + std::string(name.substr(0, 64)) +
                "' is not known, so what its raw scores stand for is not either");
    return objective;
  }
  objective.link = found->link;
  while (!text.empty()) {
    const std::string_view word = TakeUpTo(text, ' ');
    if (word == "sqrt") objective.link = Link::kSignedSquare;
    if (word.starts_with(kSlope) && !ParseNumber(word.substr(kSlope.size()), objective.slope)) {
      fitted.Fail("its objective's sigmoid is not a number");
    }
  }
  return objective;
}

}  // namespace plinth::sklearn::lightgbm
