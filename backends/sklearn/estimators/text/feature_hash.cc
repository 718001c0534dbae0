#include "estimators/text/feature_hash.h"

#include "text/murmur_hash.h"

namespace plinth::sklearn {

void FeatureHash::Add(std::string_view feature, double value, ColumnSums& row) const {
  if (value == 0) return;
  const std::int64_t hash = MurmurHash3(feature, 0);
  const auto magnitude = static_cast<std::size_t>(hash < 0 ? -hash : hash);
  const double sign = alternate_sign && hash < 0 ? -1 : 1;
  row.Add(static_cast<std::int32_t>(magnitude % width), sign * value);
}

FeatureHash ReadFeatureHash(Fitted& fitted) {
  FeatureHash hash;
  hash.alternate_sign = fitted.Flag("alternate_sign", true);
  const double width = fitted.Number("n_features", 1 << 20);
  if (width >= 1 && width <= static_cast<double>(ReadLimits::kMaxColumns)) {
    hash.width = static_cast<std::size_t>(width);
  } else {
    fitted.FailFor("n_features", "is not between 1 and " + std::to_string(ReadLimits::kMaxColumns));
  }
  return hash;
}

}  // namespace plinth::sklearn
