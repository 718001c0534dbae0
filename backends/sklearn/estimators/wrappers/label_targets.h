// What a fitted LabelBinarizer knows of y: the classes of one target, or that each class is a
// target of its own (multilabel).
#pragma once

#include <cstddef>
#include <string_view>

#include "estimators/fitted.h"

namespace plinth::sklearn {

struct LabelTargets {
  Classes classes;
  bool multilabel = false;  // y is a matrix of 0 and 1 with a column for each class

  // How many columns the binarizer makes of y: one for two classes.
  std::size_t Columns() const { return multilabel || classes.size() > 2 ? classes.size() : 1; }
  // Sets the classes or targets, and how the probabilities of targets are given.
  void MoveTo(Traits& traits);
};

// Reads the attribute that holds a LabelBinarizer. Of one target there is at least one class, of
// several there are at least two.
LabelTargets ReadLabelTargets(Fitted& fitted, std::string_view name);

}  // namespace plinth::sklearn
