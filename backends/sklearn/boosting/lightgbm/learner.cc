#include "boosting/lightgbm/learner.h"

#include <algorithm>
#include <utility>

namespace plinth::sklearn::lightgbm {
namespace {

// "age city", which are as they stand; "Column_0 Column_1" are no names.
std::vector<std::string> ReadNames(Fitted& fitted, const Section& header, std::size_t width) {
  std::vector<std::string> names;
  std::string_view line = header.Find("feature_names");
  if (!fitted.limits().Charge(line.size() + width * sizeof(std::string))) return names;
  bool given = false;
  while (!line.empty() && names.size() <= width) {
    names.emplace_back(TakeUpTo(line, ' '));
    given = given || names.back() != "Column_" + std::to_string(names.size() - 1);
  }
  if (names.size() != width || !given) names.clear();
  return names;
}

}  // namespace

std::optional<Learner> Learner::Read(Fitted& fitted, std::string_view text,
                                     std::size_t iterations) {
  constexpr std::size_t kMaxGroups = std::size_t{1} << 20;
  const ModelText model = SplitModel(fitted, text);
  const Section& header = model.header;
  const std::size_t last =
      header.Count(fitted, "max_feature_idx", ReadLimits::kMaxColumns - 1, ReadLimits::kMaxColumns);
  if (last == ReadLimits::kMaxColumns) fitted.FailFor("max_feature_idx", "is missing in the model");
  if (!fitted.ok() || !fitted.limits().Charge(last + 1)) return std::nullopt;

  Learner read(last + 1);
  const std::size_t classes = header.Count(fitted, "num_class", kMaxGroups, 1);
  read.groups_ = header.Count(fitted, "num_tree_per_iteration", kMaxGroups, classes);
  read.objective_ = ReadObjective(fitted, header.Find("objective"));
  if (read.groups_ == 0) fitted.FailFor("num_tree_per_iteration", "of the model is 0");
  if (!fitted.ok()) return std::nullopt;

  std::size_t count = model.trees.size();
  if (iterations > 0 && iterations < count / read.groups_) count = iterations * read.groups_;
  if (header.Has("average_output") && count >= read.groups_) {
    read.divisor_ = static_cast<double>(count / read.groups_);
  }
  const bool linear = std::ranges::any_of(model.trees, IsLinear);
  for (std::size_t i = 0; fitted.ok() && i < count; ++i) {
    AddTree(fitted, model.trees[i], read.trees_, read.columns_, linear ? &read.linear_ : nullptr);
  }
  read.names_ = ReadNames(fitted, header, read.inputs());
  read.categories_ = CategoryNames::OfLightgbm(fitted, text, read.inputs());
  if (!fitted.ok()) return std::nullopt;
  return read;
}

void Learner::Scores(Rows rows, double* scores, Scratch& scratch) const {
  std::fill_n(scores, rows.count * groups_, 0.0);
  if (trees_.size() == 0) return;
  Scratch::Frame frame(scratch);
  const auto block = FeatureBlock<double>::Of(
      rows, frame, [this](double x, std::size_t feature) { return columns_.Prepare(x, feature); });
  if (!linear_.leaves.empty()) {
    trees_.ForEachLeaf(block, [&](std::size_t row, std::size_t tree, const double* leaf) {
      scores[row * groups_ + tree % groups_] +=
          linear_.Evaluate(linear_.leaves[static_cast<std::size_t>(*leaf)], rows.row(row));
    });
  } else if (groups_ == 1) {
    trees_.ForEachLeaf(
        block, [&](std::size_t row, std::size_t, const double* leaf) { scores[row] += *leaf; });
  } else {
    trees_.ForEachLeaf(block, [&](std::size_t row, std::size_t tree, const double* leaf) {
      scores[row * groups_ + tree % groups_] += *leaf;
    });
  }
}

void Learner::Transform(double* scores) const {
  for (std::size_t k = 0; divisor_ != 1 && k < groups_; ++k) scores[k] /= divisor_;
  objective_.Transform(scores, groups_);
}

}  // namespace plinth::sklearn::lightgbm
