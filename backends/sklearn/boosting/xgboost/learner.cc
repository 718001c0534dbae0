#include "boosting/xgboost/learner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "boosting/parse_number.h"

namespace plinth::sklearn::xgboost {
namespace {

constexpr std::size_t kMaxGroups = std::size_t{1} << 20;

// "5E-1", or since XGBoost 3.1 "[5E-1,2E-1]": one for all groups, or one for each.
std::vector<float> ReadBaseScores(JsonFields parameters) {
  std::string_view text = parameters.Text("base_score");
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::vector<float> scores;
  while (parameters.fitted().ok()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    double score = 0;
    if (!ParseNumber(text.substr(0, comma), score)) {
      parameters.fitted().FailFor("base_score", "of the model is not a list of numbers");
    }
    scores.push_back(static_cast<float>(score));
    if (scores.size() > kMaxGroups) parameters.fitted().Fail("it has too many base scores");
    if (comma == text.size()) break;
    text.remove_prefix(comma + 1);
  }
  return scores;
}

// The trees up to and with early stopping's best iteration; all if there is none.
std::size_t TreesToUse(JsonFields model, JsonFields attributes, std::size_t trees,
                       std::size_t groups) {
  if (!attributes.Has("best_iteration")) return trees;
  const std::size_t rounds = attributes.Count("best_iteration", 0, trees) + 1;
  if (model.Has("iteration_indptr")) {
    const std::vector<std::int32_t> ends = model.Ints("iteration_indptr");
    if (rounds >= ends.size()) return trees;
    return std::min(trees, static_cast<std::size_t>(std::max(ends[rounds], 0)));
  }
  const std::size_t parallel =
      model.Object("gbtree_model_param").Count("num_parallel_tree", 0, trees);
  return std::min(trees, rounds * std::max<std::size_t>(parallel, 1) * groups);
}

}  // namespace

std::optional<Learner> Learner::Read(Fitted& fitted, std::string_view bytes, bool scikit_learn,
                                     float missing) {
  if (bytes.starts_with("binf") || bytes.starts_with("CONFIG-offset:")) {
    fitted.Fail(
        "it is in XGBoost's old binary format; load it with the XGBoost that wrote it and "
        "save it as .json");
    return std::nullopt;
  }
  const auto document = ParseJsonOrUbjson(bytes, fitted.limits());
  if (!document) fitted.Fail(document.error().message);
  if (!fitted.ok()) return std::nullopt;
  // A pickle has the model beside its configuration.
  const Json* model = document->Find("Model");
  JsonFields learner = JsonFields(fitted, model ? *model : *document).Object("learner");

  Learner read;
  read.missing_ = missing;
  read.ReadParameters(learner);
  if (fitted.ok()) {
    read.ReadBooster(learner.Object("gradient_booster"), learner.Object("attributes"),
                     scikit_learn || !read.scikit_learn_.empty());
  }
  if (!fitted.ok()) return std::nullopt;
  return read;
}

void Learner::ReadParameters(JsonFields learner) {
  Fitted& fitted = learner.fitted();
  JsonFields parameters = learner.Object("learner_model_param");
  inputs_ = parameters.Count("num_feature", 1, ReadLimits::kMaxColumns);
  classes_ = parameters.Count("num_class", 0, kMaxGroups);
  if (parameters.Has("num_target")) targets_ = parameters.Count("num_target", 1, kMaxGroups);
  objective_ = ReadObjective(fitted, learner.Object("objective").Text("name"));
  const std::size_t groups = std::max<std::size_t>(classes_, 1) * targets_;
  base_ = ReadBaseScores(parameters);
  if (base_.size() == 1 && groups <= kMaxGroups) base_.resize(groups, base_[0]);
  if (base_.size() != groups || groups > kMaxGroups) {
    fitted.Fail("it has " + std::to_string(base_.size()) + " base scores; " +
                std::to_string(groups) + " were expected");
  }
  for (float& base : base_) base = objective_.BaseMargin(base);
  JsonFields attributes = learner.Object("attributes");
  if (attributes.Has("scikit_learn")) scikit_learn_ = attributes.Text("scikit_learn");
  ReadNames(learner);
}

void Learner::ReadNames(JsonFields learner) {
  if (!learner.Has("feature_names")) return;  // XGBoost before 1.4
  const Json& names = learner.Require("feature_names", Json::Type::kArray);
  if (names.items.size() != inputs_) return;
  for (const Json& name : names.items) names_.push_back(name.text);
}

void Learner::ReadBooster(JsonFields booster, JsonFields attributes, bool scikit_learn) {
  const std::string_view name = booster.Text("name");
  if (name == "gblinear") return ReadLinear(booster.Object("model"));
  const bool dart = name == "dart";
  if (!dart && name != "gbtree") {
    return booster.fitted().Fail("its booster is '" + std::string(name.substr(0, 32)) +
                                 "'; gbtree, dart and gblinear are known");
  }
  JsonFields model = dart ? booster.Object("gbtree").Object("model") : booster.Object("model");
  const std::size_t trees = model.Require("trees", Json::Type::kArray).items.size();
  const std::vector<std::int32_t> group = model.Ints("tree_info", trees);
  std::vector<LeafRule> rules(trees);
  if (!booster.fitted().ok()) return;
  for (std::int32_t of_tree : group) {
    if (of_tree < 0 || static_cast<std::size_t>(of_tree) >= groups()) {
      return booster.fitted().FailFor("tree_info", "of the model names a class that is not there");
    }
    group_of_.push_back(static_cast<std::uint32_t>(of_tree));
  }
  if (dart) {
    const std::vector<double>& weights = booster.Numbers("weight_drop", trees);
    if (!booster.fitted().ok()) return;
    for (std::size_t i = 0; i < trees; ++i) {
      rules[i].weight = static_cast<float>(weights[i]);
      // The scikit-learn interface predicts in place, which weighs a tree's answer after it has
      // been added to the base score and this taken off again.
      if (scikit_learn) rules[i].base = base_[group_of_[i]];
    }
  }
  const std::size_t count = scikit_learn ? TreesToUse(model, attributes, trees, groups()) : trees;
  ReadTrees(model, count, rules);
  if (booster.fitted().ok()) categories_ = CategoryNames::OfXgboost(model, inputs_);
}

void Learner::ReadTrees(JsonFields model, std::size_t count, const std::vector<LeafRule>& rules) {
  Fitted& fitted = model.fitted();
  const std::vector<Json>& trees = model.Require("trees", Json::Type::kArray).items;
  std::size_t leaf_width = 1;
  if (!trees.empty()) {
    leaf_width =
        JsonFields(fitted, trees[0]).Object("tree_param").Count("size_leaf_vector", 0, kMaxGroups);
  }
  leaf_width = std::max<std::size_t>(leaf_width, 1);
  if (leaf_width > 1 && leaf_width != base_.size()) {
    return fitted.Fail("its trees have leaves of " + std::to_string(leaf_width) + " numbers; " +
                       std::to_string(base_.size()) + " were expected");
  }
  trees_ = TreeSet<float>(inputs_, leaf_width);
  for (std::size_t i = 0; fitted.ok() && i < count; ++i) {
    AddTree(JsonFields(fitted, trees[i]), rules[i], trees_);
  }
}

void Learner::ReadLinear(JsonFields model) {
  const std::vector<double>& weights = model.Numbers("weights", (inputs_ + 1) * base_.size());
  weights_.assign(weights.begin(), weights.end());
}

void Learner::Margins(Rows rows, float* margins, Scratch& scratch) const {
  if (weights_.empty()) {
    SumTrees(rows, margins, scratch);
  } else {
    SumLinear(rows, margins);
  }
}

void Learner::SumTrees(Rows rows, float* margins, Scratch& scratch) const {
  const std::size_t width = groups();
  for (std::size_t row = 0; row < rows.count; ++row) {
    std::copy_n(base_.data(), width, margins + row * width);
  }
  if (trees_.size() == 0) return;
  Scratch::Frame frame(scratch);
  const auto block = FeatureBlock<float>::Of(rows, frame, [this](double value, std::size_t) {
    const auto x = static_cast<float>(value);
    return IsMissing(x) ? std::numeric_limits<float>::quiet_NaN() : x;
  });
  if (trees_.leaf_width() == 1) {
    trees_.ForEachLeaf(block, [&](std::size_t row, std::size_t tree, const double* leaf) {
      margins[row * width + group_of_[tree]] += static_cast<float>(*leaf);
    });
    return;
  }
  trees_.ForEachLeaf(block, [&](std::size_t row, std::size_t, const double* leaf) {
    for (std::size_t k = 0; k < width; ++k) margins[row * width + k] += static_cast<float>(leaf[k]);
  });
}

void Learner::SumLinear(Rows rows, float* margins) const {
  const std::size_t width = groups();
  const float* bias = weights_.data() + inputs_ * width;
  for (std::size_t row = 0; row < rows.count; ++row) {
    float* sums = margins + row * width;
    // XGBoost takes the first base score for all.
    for (std::size_t k = 0; k < width; ++k) sums[k] = bias[k] + base_[0];
    for (std::size_t i = 0; i < inputs_; ++i) {
      const auto x = static_cast<float>(rows.row(row)[i]);
      if (std::isnan(x) || IsMissing(x)) continue;
      for (std::size_t k = 0; k < width; ++k) sums[k] += x * weights_[i * width + k];
    }
  }
}

}  // namespace plinth::sklearn::xgboost
