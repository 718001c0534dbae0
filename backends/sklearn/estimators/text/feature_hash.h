// Features that are placed by their hashes, as FeatureHasher and HashingVectorizer do.
#pragma once

#include <cstddef>
#include <string_view>

#include "estimators/composition/column_sums.h"
#include "estimators/fitted.h"

namespace plinth::sklearn {

struct FeatureHash {
  std::size_t width = 1;
  bool alternate_sign = true;  // the hash also says whether a value is added or taken away

  // Adds to the feature's column. A feature of value 0 is not there.
  void Add(std::string_view feature, double value, ColumnSums& row) const;
};

// The parameters n_features and alternate_sign.
FeatureHash ReadFeatureHash(Fitted& fitted);

}  // namespace plinth::sklearn
