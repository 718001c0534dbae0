// Bagging*: the mean of members that each look at columns of their own.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/ensembles/members.h"
#include "estimators/families.h"
#include "numeric/special.h"

namespace plinth::sklearn {
namespace {

struct BagMember {
  EstimatorPtr estimator;
  std::vector<std::size_t> columns;   // of X; empty: all of them, as they stand
  std::vector<std::int32_t> classes;  // of a classifier: which of the bag's classes each of its is
};

class Bag final : public BatchEstimator {
 public:
  Bag(Traits traits, std::vector<BagMember> members)
      : BatchEstimator(std::move(traits)), members_(std::move(members)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t classes = traits().classes.size();
    Outputs sums = out;
    if (out.labels && !out.probabilities) {
      sums.probabilities = frame.Take<double>(batch.count() * classes);
    }
    const std::size_t widths[] = {traits().outputs, classes, traits().decision_width};
    double* const totals[] = {sums.values, sums.probabilities, sums.decision};
    for (std::size_t i = 0; i < 3; ++i) {
      const double nothing = totals[i] == sums.probabilities && out.logarithms ? -INFINITY : 0.0;
      if (totals[i]) std::fill_n(totals[i], batch.count() * widths[i], nothing);
    }
    for (const BagMember& member : members_) {
      if (Status status = Add(member, batch, sums, scratch); !status) return status;
    }
    const auto members = static_cast<double>(members_.size());
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; totals[i] && j < batch.count() * widths[i]; ++j) {
        const bool logarithm = totals[i] == sums.probabilities && out.logarithms;
        totals[i][j] = logarithm ? totals[i][j] - std::log(members) : totals[i][j] / members;
      }
    }
    for (std::size_t row = 0; out.labels && row < batch.count(); ++row) {
      out.labels[row] =
          static_cast<std::int32_t>(ArgMax(sums.probabilities + row * classes, classes));
    }
    return {};
  }

 private:
  // Adds what a member gives to the sums.
  Status Add(const BagMember& member, const Batch& batch, const Outputs& sums,
             Scratch& scratch) const;

  std::vector<BagMember> members_;
};

// log(exp(a) + exp(b)), where either may be -infinity.
double LogAddExp(double a, double b) {
  const double both[] = {a, b};
  return LogSumExp(both, 2);
}

void AddTo(double* sums, const double* from, std::size_t count) {
  for (std::size_t i = 0; sums && i < count; ++i) sums[i] += from[i];
}

Status Bag::Add(const BagMember& member, const Batch& batch, const Outputs& sums,
                Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  const Traits& part = member.estimator->traits();
  const std::size_t count = batch.count();
  const std::size_t classes = traits().classes.size();
  const std::size_t own = part.classes.size();
  Outputs to{.logarithms = sums.logarithms};
  if (sums.values) to.values = frame.Take<double>(count * part.outputs);
  if (sums.decision) to.decision = frame.Take<double>(count * part.decision_width);
  if (sums.probabilities && part.probabilities) to.probabilities = frame.Take<double>(count * own);
  if (sums.probabilities && !part.probabilities) to.labels = frame.Take<std::int32_t>(count);
  const Batch seen = member.columns.empty() ? batch : Select(batch, member.columns, frame);
  if (Status status = member.estimator->RunBatch(seen, to, scratch); !status) return status;

  if (to.values) AddTo(sums.values, to.values, count * part.outputs);
  if (to.decision) AddTo(sums.decision, to.decision, count * part.decision_width);
  for (std::size_t row = 0; to.probabilities && row < count; ++row) {
    for (std::size_t k = 0; k < own; ++k) {
      double& sum = sums.probabilities[row * classes + static_cast<std::size_t>(member.classes[k])];
      const double given = to.probabilities[row * own + k];
      sum = sums.logarithms ? LogAddExp(sum, given) : sum + given;
    }
  }
  // Without probabilities it has one vote.
  for (std::size_t row = 0; to.labels && row < count; ++row) {
    const std::int32_t label = member.classes[static_cast<std::size_t>(to.labels[row])];
    sums.probabilities[row * classes + static_cast<std::size_t>(label)] += 1;
  }
  return {};
}

// The columns of each member, from estimators_features_. Empty for all of them in order.
std::vector<std::size_t> ReadColumns(Fitted& fitted, const Value& written, std::size_t inputs) {
  std::vector<std::size_t> columns;
  for (std::int64_t column : fitted.Ints(written, "estimators_features_")) {
    if (column < 0 || static_cast<std::size_t>(column) >= inputs) {
      fitted.FailFor("estimators_features_", "has a column that is not there");
      return {};
    }
    columns.push_back(static_cast<std::size_t>(column));
  }
  if (fitted.ok() && columns.empty()) fitted.FailFor("estimators_features_", "has no columns");
  bool all = columns.size() == inputs;
  for (std::size_t i = 0; all && i < inputs; ++i) all = columns[i] == i;
  return all ? std::vector<std::size_t>() : columns;
}

std::vector<BagMember> ReadBag(Fitted& fitted, std::size_t inputs) {
  std::vector<BagMember> members;
  const Value* estimators = fitted.Require("estimators_");
  const Value* features = fitted.Require("estimators_features_");
  if (!fitted.ok()) return members;
  if (!estimators->IsSequence() || !features->IsSequence() || estimators->items.empty() ||
      estimators->items.size() != features->items.size()) {
    fitted.Fail("'estimators_' and 'estimators_features_' do not go together");
    return members;
  }
  for (std::size_t i = 0; i < estimators->items.size(); ++i) {
    BagMember member;
    member.columns = ReadColumns(fitted, *features->items[i], inputs);
    const std::size_t width = member.columns.empty() ? inputs : member.columns.size();
    member.estimator = fitted.Child(*estimators->items[i], width);
    if (!fitted.ok()) return {};
    members.push_back(std::move(member));
  }
  return members;
}

// Says what X the bag takes.
void Describe(const std::vector<BagMember>& members, Traits& traits) {
  traits.takes_sparse = true;
  traits.input_types.assign(traits.inputs, ColumnType::kUnused);
  for (const BagMember& member : members) {
    const Traits& part = member.estimator->traits();
    traits.widest = std::max(traits.widest, part.widest);
    traits.takes_sparse = traits.takes_sparse && part.takes_sparse && member.columns.empty();
    MergeTypes(part, member.columns, traits.input_types);
  }
}

EstimatorPtr ReadRegressor(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  std::vector<BagMember> members = fitted.ok() ? ReadBag(fitted, inputs) : std::vector<BagMember>();
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor, inputs);
  traits.outputs = members.front().estimator->traits().outputs;
  traits.flat = members.front().estimator->traits().flat;
  Describe(members, traits);
  for (const BagMember& member : members) {
    const Traits& part = member.estimator->traits();
    if (part.role == Role::kRegressor && part.outputs == traits.outputs) continue;
    fitted.Fail(part.name + " in it is not a regressor of as many targets as the others");
    return nullptr;
  }
  return std::make_unique<Bag>(std::move(traits), std::move(members));
}

EstimatorPtr ReadClassifier(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  Classes classes = fitted.ReadClasses();
  std::vector<BagMember> members = fitted.ok() ? ReadBag(fitted, inputs) : std::vector<BagMember>();
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, inputs);
  Describe(members, traits);
  traits.probabilities = traits.logarithms = true;
  traits.decision_width = members.front().estimator->traits().decision_width;
  for (BagMember& member : members) {
    const Traits& part = member.estimator->traits();
    member.classes = ClassNumbers(fitted, part, classes.size());
    if (part.decision_width != traits.decision_width) traits.decision_width = 0;
    traits.logarithms &= part.logarithms;
    if (!fitted.ok()) return nullptr;
  }
  traits.classes = std::move(classes);
  return std::make_unique<Bag>(std::move(traits), std::move(members));
}

}  // namespace

std::span<const RegistryEntry> Bags() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.ensemble.BaggingClassifier", ReadClassifier},
      {"sklearn.ensemble.BaggingRegressor", ReadRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
