// What pandas leaves in pickles of scikit-learn's estimators: mostly the names of columns, which a
// ColumnTransformer was given as frame.columns.
#pragma once

#include "pickle/value.h"

namespace plinth::sklearn {

// The labels of _new_Index(class, {"data": ..., "name": ...}): an array, or a list. Null where the
// index is of another kind (a RangeIndex, a MultiIndex).
const Value* LabelsOfIndex(const Value& args);

}  // namespace plinth::sklearn
