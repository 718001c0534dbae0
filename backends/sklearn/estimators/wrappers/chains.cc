// ClassifierChain and RegressorChain: an estimator for each target, which is also given what those
// before it in the chain have answered, as further columns of X.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// What of a classifier's answers the later ones are given.
enum class Handed : std::uint8_t { kLabel, kProbability, kLogProbability, kDecision };

struct Link {
  EstimatorPtr estimator;      // takes `inputs` + its own place in the chain columns
  std::size_t target = 0;      // which column of y it answers
  std::vector<double> labels;  // a classifier's classes as numbers
};

struct ChainState {
  std::vector<Link> links;
  std::size_t inputs = 0;
  std::size_t widest = 0;
  Handed handed = Handed::kLabel;
};

class Chain final : public Estimator {
 public:
  Chain(Traits traits, ChainState state) : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const std::size_t count = rows.count;
    // X, row by row, in as many columns as the next estimator takes.
    double* x = frame.Take<double>(count * (rows.width + state_.links.size()));
    std::copy_n(rows.data, count * rows.width, x);
    const Answers answers{frame.Take<double>(count), frame.Take<std::int32_t>(count),
                          frame.Take<double>(2 * count), frame.Take<double>(count)};
    std::size_t width = rows.width;
    for (const Link& link : state_.links) {
      const Rows augmented{x, count, width, rows.first};
      if (Status status = RunLink(link, augmented, answers, out, scratch); !status) return status;
      if (&link != &state_.links.back()) Append(link, answers, x, count, width++);
    }
    return {};
  }

 private:
  // Of one link, for all rows.
  struct Answers {
    double* values;
    std::int32_t* labels;
    double* probabilities;  // [n, 2], or their logarithms
    double* decision;
  };

  Status RunLink(const Link& link, Rows rows, const Answers& answers, const Outputs& out,
                 Scratch& scratch) const {
    Outputs to;
    if (traits().role == Role::kRegressor) {
      to.values = answers.values;
    } else {
      const bool log = state_.handed == Handed::kLogProbability;
      if (out.labels || state_.handed == Handed::kLabel) to.labels = answers.labels;
      if (out.probabilities || log || state_.handed == Handed::kProbability) {
        to.probabilities = answers.probabilities;
        to.logarithms = log && link.estimator->traits().logarithms;
      }
      if (out.decision || state_.handed == Handed::kDecision) to.decision = answers.decision;
    }
    if (Status status = link.estimator->Run(rows, to, scratch); !status) return status;
    const std::size_t targets = state_.links.size();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const std::size_t at = i * targets + link.target;
      if (out.values) out.values[at] = answers.values[i];
      if (out.labels) out.labels[at] = answers.labels[i];
      if (out.probabilities) {
        const double given = answers.probabilities[2 * i + 1];
        out.probabilities[at] = to.logarithms ? std::exp(given) : given;
      }
      if (out.decision) out.decision[at] = answers.decision[i];
    }
    return {};
  }

  // Adds a column to x, from the last row on: rows only move to the right.
  void Append(const Link& link, const Answers& answers, double* x, std::size_t count,
              std::size_t width) const {
    for (std::size_t i = count; i-- > 0;) {
      std::copy_backward(x + i * width, x + (i + 1) * width, x + i * (width + 1) + width);
      x[i * (width + 1) + width] = HandedOn(link, answers, i);
    }
  }

  double HandedOn(const Link& link, const Answers& answers, std::size_t i) const {
    if (traits().role == Role::kRegressor) return answers.values[i];
    switch (state_.handed) {
      case Handed::kLabel:
        return link.labels[static_cast<std::size_t>(answers.labels[i])];
      case Handed::kProbability:
        return answers.probabilities[2 * i + 1];
      case Handed::kLogProbability:
        return link.estimator->traits().logarithms ? answers.probabilities[2 * i + 1]
                                                   : std::log(answers.probabilities[2 * i + 1]);
      case Handed::kDecision:
        break;
    }
    return answers.decision[i];
  }

  ChainState state_;
};

// order_ says which target each estimator answers.
ChainState ReadChain(Fitted& fitted) {
  ChainState state;
  const Value* list = fitted.Require("estimators_");
  const std::vector<std::int64_t> order = fitted.Ints("order_");
  if (!fitted.ok()) return state;
  if (!list->IsSequence() || list->items.empty() || list->items.size() != order.size()) {
    fitted.Fail("'estimators_' and 'order_' do not go together");
    return state;
  }
  state.inputs = fitted.GivenWidth();
  std::vector<bool> answered(order.size());
  for (std::size_t k = 0; k < order.size(); ++k) {
    const std::int64_t target = order[k];
    if (target < 0 || std::cmp_greater_equal(target, order.size()) ||
        answered[static_cast<std::size_t>(target)]) {
      fitted.FailFor("order_", "is not an order of the targets");
      return state;
    }
    answered[static_cast<std::size_t>(target)] = true;
    Link link;
    link.target = static_cast<std::size_t>(target);
    link.estimator = fitted.Child(*list->items[k], state.inputs == 0 ? 0 : state.inputs + k);
    if (!fitted.ok()) return state;
    if (k == 0) state.inputs = link.estimator->traits().inputs;
    state.widest = std::max(state.widest, link.estimator->traits().widest);
    state.links.push_back(std::move(link));
  }
  return state;
}

EstimatorPtr Make(Fitted& fitted, Traits traits, ChainState state) {
  if (!fitted.ok()) return nullptr;
  traits.widest = state.widest + state.links.size();
  return std::make_unique<Chain>(std::move(traits), std::move(state));
}

EstimatorPtr ReadRegressorChain(Fitted& fitted) {
  ChainState state = ReadChain(fitted);
  for (const Link& link : state.links) {
    const Traits& part = link.estimator->traits();
    if (part.role != Role::kRegressor || part.outputs != 1) {
      fitted.Fail(part.name + " in it is not a regressor of one target");
    }
  }
  Traits traits = fitted.MakeTraits(Role::kRegressor, state.inputs);
  traits.outputs = state.links.size();
  return Make(fitted, std::move(traits), std::move(state));
}

// The classes as numbers, which is how later estimators see them.
std::vector<double> LabelNumbers(Fitted& fitted, const Traits& part) {
  if (part.role != Role::kClassifier || !part.targets.empty() ||
      part.classes.type == Classes::Type::kStrings) {
    fitted.Fail(part.name + " in it is not a classifier of one target whose classes are numbers");
    return {};
  }
  if (part.classes.type == Classes::Type::kFloats) return part.classes.floats;
  return {part.classes.ints.begin(), part.classes.ints.end()};
}

// What is handed on must be given by every estimator of the chain.
void CheckHanded(Fitted& fitted, Handed handed, const Traits& traits) {
  const bool given =
      handed == Handed::kLabel ||
      (handed == Handed::kDecision ? traits.decision_width > 0 : traits.probabilities);
  if (!given) fitted.FailFor("chain_method_", "names what its estimators do not give");
}

Handed ReadHanded(Fitted& fitted) {
  const std::string_view method = fitted.Text("chain_method_", "predict");
  if (method == "predict_proba") return Handed::kProbability;
  if (method == "predict_log_proba") return Handed::kLogProbability;
  if (method == "decision_function") return Handed::kDecision;
  if (method != "predict") fitted.FailFor("chain_method_", "is not a method of a classifier");
  return Handed::kLabel;
}

EstimatorPtr ReadClassifierChain(Fitted& fitted) {
  ChainState state = ReadChain(fitted);
  state.handed = ReadHanded(fitted);
  Traits traits = fitted.MakeTraits(Role::kClassifier, state.inputs);
  traits.targets.resize(state.links.size());
  traits.probabilities = traits.indicator_probabilities = true;
  traits.decision_width = state.links.size();
  for (Link& link : state.links) {
    if (!fitted.ok()) return nullptr;
    const Traits& part = link.estimator->traits();
    link.labels = LabelNumbers(fitted, part);
    // predict() fills an array of floats, whatever the classes are.
    traits.targets[link.target].type = Classes::Type::kFloats;
    traits.targets[link.target].floats = link.labels;
    if (!part.probabilities || part.classes.size() != 2) traits.probabilities = false;
    if (part.decision_width != 1) traits.decision_width = 0;
  }
  CheckHanded(fitted, state.handed, traits);
  return Make(fitted, std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> Chains() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.multioutput.ClassifierChain", ReadClassifierChain},
      {"sklearn.multioutput.RegressorChain", ReadRegressorChain},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
