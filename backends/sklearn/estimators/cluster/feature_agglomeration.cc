// FeatureAgglomeration: columns that were clustered together become one.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

enum class Pooling : std::uint8_t { kMean, kMedian, kSum, kMax, kMin };

class Agglomeration final : public Estimator {
 public:
  Agglomeration(Traits traits, std::vector<std::vector<std::size_t>> groups, Pooling pooling)
      : Estimator(std::move(traits)), groups_(std::move(groups)), pooling_(pooling) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    Scratch::Frame frame(scratch);
    double* members = frame.Take<double>(rows.width);
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (const std::vector<std::size_t>& group : groups_) {
        for (std::size_t k = 0; k < group.size(); ++k) members[k] = rows.row(i)[group[k]];
        *to++ = Pool(members, group.size());
      }
    }
    return {};
  }

 private:
  double Pool(double* members, std::size_t n) const {
    double sum = 0;
    switch (pooling_) {
      case Pooling::kMax:
        return *std::max_element(members, members + n);
      case Pooling::kMin:
        return *std::min_element(members, members + n);
      case Pooling::kMedian:
        std::sort(members, members + n);
        return n % 2 == 1 ? members[n / 2] : (members[n / 2 - 1] + members[n / 2]) / 2;
      case Pooling::kMean:
      case Pooling::kSum:
        for (std::size_t k = 0; k < n; ++k) sum += members[k];
        return pooling_ == Pooling::kMean ? sum / static_cast<double>(n) : sum;
    }
    return sum;
  }

  std::vector<std::vector<std::size_t>> groups_;  // none is empty
  Pooling pooling_;
};

Pooling ReadPooling(Fitted& fitted) {
  constexpr std::array<std::pair<std::string_view, Pooling>, 7> kFunctions = {{
      {"numpy.mean", Pooling::kMean},
      {"numpy.median", Pooling::kMedian},
      {"numpy.sum", Pooling::kSum},
      {"numpy.max", Pooling::kMax},
      {"numpy.amax", Pooling::kMax},
      {"numpy.min", Pooling::kMin},
      {"numpy.amin", Pooling::kMin},
  }};
  const Value* function = fitted.Find("pooling_func");
  if (function == nullptr) return Pooling::kMean;
  for (const auto& [name, pooling] : kFunctions) {
    if (function->Is(Kind::kGlobal) && function->text == name) return pooling;
  }
  fitted.FailFor("pooling_func", "is not known; numpy's mean, median, sum, max and min are");
  return Pooling::kMean;
}

EstimatorPtr ReadFeatureAgglomeration(Fitted& fitted) {
  const std::vector<std::int64_t> labels = fitted.Ints("labels_");
  const std::size_t inputs = fitted.Inputs(labels.size());
  const Pooling pooling = ReadPooling(fitted);
  if (!fitted.ok()) return nullptr;
  std::map<std::int64_t, std::vector<std::size_t>> by_label;
  for (std::size_t j = 0; j < labels.size(); ++j) by_label[labels[j]].push_back(j);
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [label, group] : by_label) groups.push_back(std::move(group));
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = groups.size();
  return std::make_unique<Agglomeration>(std::move(traits), std::move(groups), pooling);
}

}  // namespace

std::span<const RegistryEntry> FeatureAgglomerations() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.cluster.FeatureAgglomeration", ReadFeatureAgglomeration}};
  return kEntries;
}

}  // namespace plinth::sklearn
