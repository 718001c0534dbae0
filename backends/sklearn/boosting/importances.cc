#include "boosting/importances.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "boosting/json_fields.h"
#include "boosting/lightgbm/text.h"

namespace plinth::sklearn {
namespace {

// The model's bytes in the state of an estimator's _Booster; "" on failure.
std::string_view ModelOf(Fitted& estimator) {
  const Value* booster = estimator.Require("_Booster");
  if (booster == nullptr) return "";
  const Value* handle = booster->Attribute("_handle");  // of LightGBM since 4
  if (handle == nullptr) handle = booster->Attribute("handle");
  if (handle != nullptr && handle->IsText()) return handle->text;
  estimator.FailFor("_Booster", "holds no trained model");
  return "";
}

std::vector<double> Zeros(Fitted& estimator, std::size_t features) {
  if (!estimator.limits().Charge(features * sizeof(double))) {
    estimator.Fail("it is too large for its file");
    return {};
  }
  return std::vector<double>(features, 0.0);
}

// Sums over the splits on each feature, in float32 as XGBoost has them.
class XgboostScore {
 public:
  XgboostScore(std::string_view type, std::size_t features)
      : member_(type.ends_with("cover") ? "sum_hessian" : "loss_changes"),
        counts_only_(type == "weight"),
        averages_(type == "gain" || type == "cover"),
        sums_(features, 0.0F),
        counts_(features, 0.0F) {}

  static bool Knows(std::string_view type) {
    return type == "weight" || type == "gain" || type == "cover" || type == "total_gain" ||
           type == "total_cover";
  }

  void AddTree(JsonFields tree) {
    const std::vector<std::int32_t> left = tree.Ints("left_children");
    const std::vector<std::int32_t> feature = tree.Ints("split_indices", left.size());
    const std::vector<double>& amount = tree.Numbers(member_, left.size());
    for (std::size_t i = 0; tree.fitted().ok() && i < left.size(); ++i) {
      if (left[i] < 0) continue;
      if (feature[i] < 0 || static_cast<std::size_t>(feature[i]) >= sums_.size()) {
        return tree.fitted().Fail("a split of its trees is on a feature that is not there");
      }
      const auto at = static_cast<std::size_t>(feature[i]);
      sums_[at] += static_cast<float>(amount[i]);
      counts_[at] += 1;
    }
  }

  // With 1 as their sum.
  std::vector<double> Shares() const {
    std::vector<float> scores = counts_only_ ? counts_ : sums_;
    float total = 0;
    for (std::size_t j = 0; j < scores.size(); ++j) {
      if (averages_) scores[j] /= std::max(counts_[j], 1.0F);
      total += scores[j];
    }
    std::vector<double> shares;
    shares.reserve(scores.size());
    for (const float score : scores) shares.push_back(total == 0 ? score : score / total);
    return shares;
  }

 private:
  std::string_view member_;
  bool counts_only_;
  bool averages_;
  std::vector<float> sums_;
  std::vector<float> counts_;
};

std::vector<double> OfXgboost(Fitted& estimator) {
  const std::string_view type = estimator.Text("importance_type", "gain");
  const std::string_view bytes = ModelOf(estimator);
  if (!XgboostScore::Knows(type)) estimator.FailFor("importance_type", "is not known");
  if (!estimator.ok()) return {};
  const auto document = ParseJsonOrUbjson(bytes, estimator.limits());
  if (!document) estimator.Fail(document.error().message);
  if (!estimator.ok()) return {};
  const Json* model = document->Find("Model");
  JsonFields learner = JsonFields(estimator, model ? *model : *document).Object("learner");
  JsonFields booster = learner.Object("gradient_booster");
  const std::string_view name = booster.Text("name");
  if (estimator.ok() && name != "gbtree" && name != "dart") {
    estimator.Fail("features are chosen by the weights of a linear booster, which is not known");
  }
  const std::size_t features =
      learner.Object("learner_model_param").Count("num_feature", 1, ReadLimits::kMaxColumns);
  if (!estimator.ok() || Zeros(estimator, 2 * features).empty()) return {};
  JsonFields trees =
      name == "dart" ? booster.Object("gbtree").Object("model") : booster.Object("model");
  XgboostScore score(type, features);
  for (const Json& tree : trees.Require("trees", Json::Type::kArray).items) {
    score.AddTree(JsonFields(estimator, tree));
    if (!estimator.ok()) return {};
  }
  return score.Shares();
}

// How many of the model's trees count: those up to early stopping's best iteration.
std::size_t TreesOf(Fitted& estimator, const lightgbm::ModelText& model) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  const std::size_t groups = model.header.Count(estimator, "num_tree_per_iteration", kMost, 1);
  const Value* best = estimator.Find("_Booster")->Attribute("best_iteration");
  const bool stopped = best && best->Is(Kind::kInt) && best->integer > 0;
  if (!stopped || groups == 0) return model.trees.size();
  const auto iterations = static_cast<std::size_t>(best->integer);
  return iterations < model.trees.size() / groups ? iterations * groups : model.trees.size();
}

std::vector<double> OfLightgbm(Fitted& estimator) {
  const std::string_view type = estimator.Text("importance_type", "split");
  if (type != "split" && type != "gain") estimator.FailFor("importance_type", "is not known");
  const std::string_view text = ModelOf(estimator);
  if (!estimator.ok()) return {};
  const lightgbm::ModelText model = lightgbm::SplitModel(estimator, text);
  const std::size_t last = model.header.Count(estimator, "max_feature_idx",
                                              ReadLimits::kMaxColumns - 1, ReadLimits::kMaxColumns);
  if (last == ReadLimits::kMaxColumns) estimator.FailFor("max_feature_idx", "is missing");
  if (!estimator.ok()) return {};
  std::vector<double> importances = Zeros(estimator, last + 1);
  const std::size_t trees = TreesOf(estimator, model);
  for (std::size_t k = 0; estimator.ok() && k < trees; ++k) {
    const lightgbm::Section& tree = model.trees[k];
    const std::size_t leaves = tree.Count(estimator, "num_leaves", std::size_t{1} << 28, 0);
    if (leaves < 2) continue;
    const auto feature = tree.Ints(estimator, "split_feature", leaves - 1);
    const auto gain = tree.Numbers(estimator, "split_gain", leaves - 1);
    for (std::size_t i = 0; estimator.ok() && i < feature.size(); ++i) {
      if (feature[i] < 0 || static_cast<std::size_t>(feature[i]) > last) {
        estimator.FailFor("split_feature", "of a tree names a feature that is not there");
      } else if (gain[i] > 0) {
        importances[static_cast<std::size_t>(feature[i])] += type == "split" ? 1 : gain[i];
      }
    }
  }
  return importances;
}

bool IsLightgbm(const Fitted& estimator) { return estimator.class_name().starts_with("LGBM"); }

}  // namespace

bool IsBoosted(const Fitted& estimator) {
  return estimator.class_name().starts_with("XGB") || IsLightgbm(estimator);
}

std::vector<double> BoostedImportances(Fitted& estimator) {
  return IsLightgbm(estimator) ? OfLightgbm(estimator) : OfXgboost(estimator);
}

}  // namespace plinth::sklearn
