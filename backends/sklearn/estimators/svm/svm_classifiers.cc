// SVC and NuSVC: one vote for each pair of classes.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/svm/svm_probability.h"
#include "estimators/svm/svm_state.h"
#include "estimators/wrappers/pairs.h"

namespace plinth::sklearn {
namespace {

class SvmClassifier final : public Estimator {
 public:
  struct State {
    SvmDecision decision;
    std::vector<double> prob_a;  // one a pair; empty without probabilities
    std::vector<double> prob_b;
    bool one_versus_rest = true;  // the shape of the decision function
    bool break_ties = false;      // labels by the decision function
  };

  SvmClassifier(Traits traits, State state) : Estimator(std::move(traits)), s_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    return RunOn(rows, out, scratch);
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const override {
    return RunOn(rows, out, scratch);
  }

 private:
  template <typename AnyRows>
  Status RunOn(const AnyRows& rows, const Outputs& out, Scratch& scratch) const {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t classes = traits().classes.size();
    const std::size_t pairs = s_.decision.outputs();
    Scratch::Frame frame(scratch);
    double* decisions = frame.Take<double>(rows.count * pairs);
    double* scores = frame.Take<double>(classes);
    s_.decision.Compute(rows, decisions, scratch);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* pair = decisions + i * pairs;
      if (out.labels) out.labels[i] = Label(pair, scores);
      if (out.decision) Decide(pair, out.decision + i * traits().decision_width);
      if (out.probabilities) {
        CouplePairs(pair, s_.prob_a.data(), s_.prob_b.data(), classes,
                    out.probabilities + i * classes, scratch);
      }
    }
    return {};
  }

  std::int32_t Label(const double* pairs, double* scores) const {
    const std::size_t classes = traits().classes.size();
    if (s_.break_ties) {
      ScoreClasses(pairs, classes, scores);
    } else {
      CountVotes(pairs, classes, scores);
    }
    return static_cast<std::int32_t>(ArgMax(scores, classes));
  }

  void Decide(const double* pairs, double* out) const {
    const std::size_t classes = traits().classes.size();
    if (classes == 2) {
      out[0] = -pairs[0];  // positive for the second class, as every binary classifier has it
    } else if (s_.one_versus_rest) {
      ScoreClasses(pairs, classes, out);
    } else {
      std::copy_n(pairs, s_.decision.outputs(), out);
    }
  }

  State s_;
};

EstimatorPtr ReadSvmClassifier(Fitted& fitted) {
  Classes classes = fitted.ReadClasses();
  if (!fitted.ok()) return nullptr;
  SvmClassifier::State state;
  state.decision = SvmDecision::Read(fitted, classes.size());
  const std::string_view shape = fitted.Text("decision_function_shape", "ovr");
  state.one_versus_rest = shape == "ovr";
  const bool many = classes.size() > 2;
  state.break_ties = fitted.Flag("break_ties", false) && state.one_versus_rest && many;
  const Value* probability = fitted.Find("probability");
  const bool probabilities = probability && !probability->IsText() && probability->integer != 0;
  const std::size_t pairs = state.decision.outputs();
  if (probabilities) {
    state.prob_a = fitted.Vector(fitted.Has("_probA") ? "_probA" : "probA_", pairs);
    state.prob_b = fitted.Vector(fitted.Has("_probB") ? "_probB" : "probB_", pairs);
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier, state.decision.inputs());
  traits.probabilities = probabilities;
  traits.takes_sparse = true;
  traits.decision_width = many && state.one_versus_rest ? classes.size() : pairs;
  traits.widest = pairs;
  traits.classes = std::move(classes);
  return std::make_unique<SvmClassifier>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> SvmClassifiers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.svm.NuSVC", ReadSvmClassifier},
      {"sklearn.svm.SVC", ReadSvmClassifier},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
