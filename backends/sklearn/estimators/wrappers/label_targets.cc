#include "estimators/wrappers/label_targets.h"

#include <utility>

namespace plinth::sklearn {

void LabelTargets::MoveTo(Traits& traits) {
  if (!multilabel) {
    traits.classes = std::move(classes);
    return;
  }
  Classes absent_present;
  absent_present.ints = {0, 1};
  traits.targets.assign(classes.size(), absent_present);
  traits.indicator_probabilities = true;
}

LabelTargets ReadLabelTargets(Fitted& fitted, std::string_view name) {
  LabelTargets targets;
  const Value* binarizer = fitted.Require(name);
  if (binarizer == nullptr) return targets;
  Fitted part = fitted.Part(*binarizer);
  targets.multilabel = part.Text("y_type_", "").starts_with("multilabel");
  targets.classes = part.ReadClasses();
  if (part.ok() && targets.multilabel && targets.classes.size() < 2) {
    part.Fail("there is only one label");
  }
  if (!part.ok()) fitted.Fail(part.error().message);
  return targets;
}

}  // namespace plinth::sklearn
