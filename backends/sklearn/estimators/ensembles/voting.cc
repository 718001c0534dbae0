// Voting*: the mean of the members' probabilities or predictions, or the class that most of them
// vote for.
#include <algorithm>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// The members that were not dropped, each with its weight.
struct Panel {
  std::vector<EstimatorPtr> members;
  std::vector<double> weights;
  double total = 0;  // of the weights
};

Panel ReadPanel(Fitted& fitted) {
  Panel panel;
  panel.members = ReadMembers(fitted, "estimators_", fitted.GivenWidth());
  panel.weights.assign(panel.members.size(), 1.0);
  if (fitted.ok() && fitted.Has("weights")) {
    const std::vector<double> weights = fitted.Vector("weights");
    const Value* named = fitted.Require("estimators");
    if (fitted.ok() && (!named->IsSequence() || named->items.size() != weights.size())) {
      fitted.Fail("'weights' does not go with 'estimators'");
    }
    panel.weights.clear();
    for (std::size_t i = 0; fitted.ok() && i < weights.size(); ++i) {
      const Value& pair = *named->items[i];
      const bool dropped = pair.IsSequence() && pair.items.size() == 2 && pair.items[1]->IsText() &&
                           pair.items[1]->text == "drop";
      if (!dropped) panel.weights.push_back(weights[i]);
    }
  }
  if (fitted.ok() && panel.weights.size() != panel.members.size()) {
    fitted.Fail("'weights' does not go with 'estimators_'");
  }
  for (double weight : panel.weights) panel.total += weight;
  return panel;
}

// The weighted mean of members' numbers, which stand one member after the other in each row,
// `width` numbers each.
void Mean(const Panel& panel, const double* from, std::size_t rows, std::size_t width, double* to) {
  const std::size_t members = panel.members.size();
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < width; ++k) {
      double sum = 0;
      for (std::size_t m = 0; m < members; ++m) {
        sum += from[(row * members + m) * width + k] * panel.weights[m];
      }
      to[row * width + k] = sum / panel.total;
    }
  }
}

class VotingMean final : public BatchEstimator {
 public:
  // The mean of probabilities, or of predictions, [n, width].
  VotingMean(Traits traits, Panel panel, std::size_t width)
      : BatchEstimator(std::move(traits)), panel_(std::move(panel)), width_(width) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t count = batch.count();
    const std::size_t members = panel_.members.size();
    double* all = out.transformed ? out.transformed : frame.Take<double>(count * members * width_);
    double* one = frame.Take<double>(count * width_);
    const bool classifier = traits().role == Role::kClassifier;
    for (std::size_t m = 0; m < members; ++m) {
      const Outputs to = classifier ? Outputs{.probabilities = one} : Outputs{.values = one};
      if (Status status = panel_.members[m]->RunBatch(batch, to, scratch); !status) return status;
      for (std::size_t row = 0; row < count; ++row) {
        std::copy_n(one + row * width_, width_, all + (row * members + m) * width_);
      }
    }
    double* wanted = classifier ? out.probabilities : out.values;
    double* mean = wanted ? wanted : one;
    Mean(panel_, all, count, width_, mean);
    for (std::size_t row = 0; out.labels && row < count; ++row) {
      out.labels[row] = static_cast<std::int32_t>(ArgMax(mean + row * width_, width_));
    }
    return {};
  }

 private:
  Panel panel_;
  std::size_t width_;
};

class VotingMajority final : public BatchEstimator {
 public:
  // `places[m]` says which class each of member m's is.
  VotingMajority(Traits traits, Panel panel, std::vector<std::vector<std::int32_t>> places)
      : BatchEstimator(std::move(traits)), panel_(std::move(panel)), places_(std::move(places)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t count = batch.count();
    const std::size_t members = panel_.members.size();
    auto* votes = frame.Take<std::int32_t>(members * count);
    for (std::size_t m = 0; m < members; ++m) {
      const Outputs to{.labels = votes + m * count};
      if (Status status = panel_.members[m]->RunBatch(batch, to, scratch); !status) return status;
      for (std::size_t row = 0; row < count; ++row) {
        std::int32_t& vote = votes[m * count + row];
        vote = places_[m][static_cast<std::size_t>(vote)];
        if (out.transformed) out.transformed[row * members + m] = vote;
      }
    }
    double* sums = frame.Take<double>(traits().classes.size());
    for (std::size_t row = 0; out.labels && row < count; ++row) {
      out.labels[row] = Winner(votes + row, count, sums);
    }
    return {};
  }

 private:
  // The class with the largest sum of weights, the first of equal ones. As scikit-learn counts, no
  // class above all that were voted for takes part, which matters if weights are negative.
  std::int32_t Winner(const std::int32_t* votes, std::size_t step, double* sums) const {
    std::fill_n(sums, traits().classes.size(), 0.0);
    std::int32_t last = 0;
    for (std::size_t m = 0; m < panel_.members.size(); ++m) {
      sums[votes[m * step]] += panel_.weights[m];
      last = std::max(last, votes[m * step]);
    }
    return static_cast<std::int32_t>(ArgMax(sums, static_cast<std::size_t>(last) + 1));
  }

  Panel panel_;
  std::vector<std::vector<std::int32_t>> places_;
};

EstimatorPtr ReadRegressor(Fitted& fitted) {
  Panel panel = ReadPanel(fitted);
  for (const EstimatorPtr& member : panel.members) {
    const Traits& part = member->traits();
    if (part.role != Role::kRegressor || part.outputs != 1) {
      fitted.Fail(part.name + " in it is not a regressor of one target");
    }
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, panel.members.front()->traits().inputs);
  DescribeInputs(fitted, panel.members, traits);
  if (!fitted.ok()) return nullptr;
  traits.outputs = 1;
  traits.flat = true;
  traits.transform_width = panel.members.size();
  return std::make_unique<VotingMean>(std::move(traits), std::move(panel), 1);
}

EstimatorPtr ReadClassifier(Fitted& fitted) {
  Panel panel = ReadPanel(fitted);
  Classes classes = fitted.ReadClasses();
  const std::size_t width = classes.size();
  const bool soft = fitted.Text("voting", "hard") == "soft";
  const bool flat = fitted.Flag("flatten_transform", true);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, panel.members.front()->traits().inputs);
  DescribeInputs(fitted, panel.members, traits);
  std::vector<std::vector<std::int32_t>> places;
  for (const EstimatorPtr& member : panel.members) {
    places.push_back(ClassNumbers(fitted, member->traits(), width));
    if (soft && (places.back().size() != width || !member->traits().probabilities)) {
      fitted.Fail(member->traits().name + " in it does not give all probabilities");
    }
    if (!fitted.ok()) return nullptr;
  }
  traits.classes = std::move(classes);
  traits.probabilities = soft;
  traits.transform_width = panel.members.size() * (soft ? width : 1);
  traits.widest = std::max(traits.widest, traits.transform_width);
  // Three dimensions, which are not served.
  if (soft && !flat) traits.transform_width = 0;
  if (soft) return std::make_unique<VotingMean>(std::move(traits), std::move(panel), width);
  return std::make_unique<VotingMajority>(std::move(traits), std::move(panel), std::move(places));
}

}  // namespace

std::span<const RegistryEntry> Voters() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.ensemble.VotingClassifier", ReadClassifier},
      {"sklearn.ensemble.VotingRegressor", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
