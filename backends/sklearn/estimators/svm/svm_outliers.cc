// OneClassSVM, and SGDOneClassSVM: the linear one.
#include <utility>

#include "estimators/families.h"
#include "estimators/svm/svm_state.h"

namespace plinth::sklearn {
namespace {

// decision = the sum over support vectors + shift; score = decision + offset.
template <typename Decision>
class OneClass final : public Estimator {
 public:
  OneClass(Traits traits, Decision decision, double offset, bool zero_is_outlier)
      : Estimator(std::move(traits)),
        decision_(std::move(decision)),
        offset_(offset),
        zero_is_outlier_(zero_is_outlier) {}

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
    Scratch::Frame frame(scratch);
    double* decisions = out.decision ? out.decision : frame.Take<double>(rows.count);
    decision_.Compute(rows, decisions, scratch);
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (out.scores) out.scores[i] = decisions[i] + offset_;
      if (out.labels) {
        out.labels[i] = decisions[i] > 0 || (decisions[i] == 0 && !zero_is_outlier_) ? 1 : 0;
      }
    }
    return {};
  }

  Decision decision_;
  double offset_;
  bool zero_is_outlier_;
};

struct LinearDecision {
  std::vector<double> weights;
  double bias = 0;

  template <typename AnyRows>
  void Compute(const AnyRows& rows, double* out, Scratch&) const {
    Affine(rows, weights.data(), &bias, 1, out);
  }
};

Traits MakeOutlierTraits(Fitted& fitted, std::size_t inputs) {
  Traits traits = fitted.MakeTraits(Role::kOutlierDetector, inputs);
  traits.classes.ints = {-1, 1};
  traits.decision_width = 1;
  traits.score_samples = true;
  traits.takes_sparse = true;
  return traits;
}

EstimatorPtr ReadOneClassSvm(Fitted& fitted) {
  SvmDecision decision = SvmDecision::Read(fitted, 0);
  const double offset = fitted.Number("offset_", 0);
  if (!fitted.ok()) return nullptr;
  return std::make_unique<OneClass<SvmDecision>>(MakeOutlierTraits(fitted, decision.inputs()),
                                                 std::move(decision), offset, true);
}

EstimatorPtr ReadSgdOneClassSvm(Fitted& fitted) {
  LinearDecision decision;
  decision.weights = fitted.Vector("coef_");
  const std::size_t inputs = fitted.Inputs(decision.weights.size());
  const double offset = fitted.Number("offset_", 0);
  if (!fitted.ok()) return nullptr;
  decision.bias = -offset;
  return std::make_unique<OneClass<LinearDecision>>(MakeOutlierTraits(fitted, inputs),
                                                    std::move(decision), offset, false);
}

}  // namespace

std::span<const RegistryEntry> SvmOutliers() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.linear_model.SGDOneClassSVM", ReadSgdOneClassSvm},
      {"sklearn.svm.OneClassSVM", ReadOneClassSvm},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
