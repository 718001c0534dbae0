// KNeighborsClassifier and RadiusNeighborsClassifier: the neighbours vote.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/neighbors/neighbor_query.h"
#include "numeric/pairwise_sum.h"

namespace plinth::sklearn {
namespace {

// One target: the class of each fitted row, and the class of a row without neighbours.
struct Target {
  std::size_t classes = 0;  // those that have probabilities
  std::vector<std::uint32_t> codes;
  std::int32_t outlier = -1;  // -1: such a row is refused
};

class NeighborClassifier final : public Estimator {
 public:
  NeighborClassifier(Traits traits, NeighborQuery query, std::vector<Target> targets)
      : Estimator(std::move(traits)), query_(std::move(query)), targets_(std::move(targets)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows, query_.search().allows_nan()); !finite) return finite;
    Scratch::Frame frame(scratch);
    double* votes = frame.Take<double>(traits().ProbabilityWidth());
    double* terms = frame.Take<double>(query_.most());
    return query_.ForEach(rows, scratch, [&](std::size_t i, const Neighborhood& found) -> Status {
      if (query_.weighted()) WeighDistances(found);
      double* probabilities = votes;
      if (out.probabilities) probabilities = out.probabilities + i * traits().ProbabilityWidth();
      for (std::size_t t = 0; t < targets_.size(); ++t) {
        const Target& target = targets_[t];
        if (found.count == 0 && target.outlier < 0) return NoNeighbors(rows.first + i);
        Vote(target, found, probabilities);
        if (out.labels) {
          out.labels[i * targets_.size() + t] = Label(target, found, probabilities, terms);
        }
        Normalise(target, probabilities);
        probabilities += target.classes;
      }
      return {};
    });
  }

 private:
  Status NoNeighbors(std::size_t row) const {
    return Fail(Code::kInvalidArgument,
                "No neighbors found for row " + std::to_string(row) + " by " + traits().name +
                    "; fit it with a larger radius, or with an outlier_label");
  }

  void Vote(const Target& target, const Neighborhood& found, double* votes) const {
    std::fill_n(votes, target.classes, 0.0);
    for (std::size_t k = 0; k < found.count; ++k) {
      votes[target.codes[found.indices[k]]] += query_.weighted() ? found.distances[k] : 1.0;
    }
    if (found.count == 0 && static_cast<std::size_t>(target.outlier) < target.classes) {
      votes[target.outlier] = 1;
    }
  }

  std::int32_t Label(const Target& target, const Neighborhood& found, const double* votes,
                     double* terms) const {
    if (found.count == 0) return target.outlier;
    if (query_.by_radius() || !query_.weighted()) {
      return static_cast<std::int32_t>(ArgMax(votes, target.classes));
    }
    // Weights are summed as numpy sums them, so that classes that are as strong there are as strong
    // here.
    std::int32_t best = 0;
    double most = 0;
    for (std::size_t c = 0; c < target.classes; ++c) {
      if (votes[c] == 0) continue;
      for (std::size_t k = 0; k < found.count; ++k) {
        terms[k] = target.codes[found.indices[k]] == c ? found.distances[k] : 0;
      }
      const double sum = PairwiseSum(terms, found.count);
      if (sum > most) best = static_cast<std::int32_t>(c);
      // As numpy.maximum(): behind a sum that is NaN no class is stronger.
      most = std::isnan(sum) ? sum : std::max(most, sum);
    }
    return best;
  }

  static void Normalise(const Target& target, double* votes) {
    double sum = 0;
    for (std::size_t c = 0; c < target.classes; ++c) sum += votes[c];
    if (sum == 0) return;
    for (std::size_t c = 0; c < target.classes; ++c) votes[c] /= sum;
  }

  NeighborQuery query_;
  std::vector<Target> targets_;
};

// _y: the numbers of the classes, one column a target.
std::vector<Target> ReadTargets(Fitted& fitted, const Traits& traits, std::size_t rows) {
  const std::vector<std::int64_t> codes = fitted.Ints("_y");
  const std::size_t count = traits.LabelWidth();
  if (fitted.ok() && codes.size() != rows * count) {
    fitted.FailFor("_y", "is not one class for each fitted row");
  }
  if (!fitted.limits().Charge(codes.size() * sizeof(std::uint32_t))) {
    fitted.Fail("it is too large for its file");
  }
  std::vector<Target> targets(count);
  for (std::size_t t = 0; fitted.ok() && t < count; ++t) {
    Target& target = targets[t];
    target.classes = traits.targets.empty() ? traits.classes.size() : traits.targets[t].size();
    for (std::size_t i = 0; i < rows; ++i) {
      const std::int64_t code = codes[i * count + t];
      if (code < 0 || static_cast<std::size_t>(code) >= target.classes) {
        fitted.FailFor("_y", "names a class that is not there");
        return targets;
      }
      target.codes.push_back(static_cast<std::uint32_t>(code));
    }
  }
  return targets;
}

// Finds a label among the classes, or puts it behind them: then it has no probability.
void SetOutlier(Fitted& fitted, const Value& label, Traits& traits, Target& target) {
  Classes& classes = traits.classes;
  const std::size_t had = classes.size();
  const auto find = [&](auto& list, const auto& wanted) {
    auto found = std::ranges::find(list, wanted);
    target.outlier = static_cast<std::int32_t>(found - list.begin());
    if (found == list.end()) list.push_back(wanted);
  };
  const bool whole = label.Is(Kind::kInt) || label.Is(Kind::kBool);
  if (classes.type == Classes::Type::kInts && whole) {
    find(classes.ints, label.integer);
  } else if (classes.type == Classes::Type::kFloats && (whole || label.Is(Kind::kFloat))) {
    find(classes.floats, whole ? static_cast<double>(label.integer) : label.real);
  } else if (classes.type == Classes::Type::kStrings && label.IsText()) {
    find(classes.strings, std::string(label.text));
  } else {
    fitted.FailFor("outlier_label_", "is of another type than the classes");
  }
  traits.without_probability = classes.size() - had;
}

void ReadOutliers(Fitted& fitted, Traits& traits, std::vector<Target>& targets) {
  if (!fitted.Has("outlier_label_")) return;
  const Value* labels = fitted.Find("outlier_label_");
  if (targets.size() != 1 || !labels->IsSequence() || labels->items.size() != 1) {
    return fitted.Fail("an outlier_label with several targets is not supported");
  }
  SetOutlier(fitted, *labels->items[0], traits, targets[0]);
}

EstimatorPtr Read(Fitted& fitted, NeighborQuery query) {
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, query.search().inputs());
  fitted.ReadClasses(traits);
  if (!fitted.ok()) return nullptr;
  std::vector<Target> targets = ReadTargets(fitted, traits, query.search().size());
  if (query.by_radius()) ReadOutliers(fitted, traits, targets);
  if (!fitted.ok()) return nullptr;
  traits.probabilities = true;
  return std::make_unique<NeighborClassifier>(std::move(traits), std::move(query),
                                              std::move(targets));
}

EstimatorPtr ReadKNeighbors(Fitted& fitted) {
  return Read(fitted, NeighborQuery::ReadNearest(fitted));
}

EstimatorPtr ReadRadiusNeighbors(Fitted& fitted) {
  return Read(fitted, NeighborQuery::ReadWithin(fitted));
}

}  // namespace

std::span<const RegistryEntry> NeighborClassifiers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neighbors.KNeighborsClassifier", ReadKNeighbors},
      {"sklearn.neighbors.RadiusNeighborsClassifier", ReadRadiusNeighbors},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
