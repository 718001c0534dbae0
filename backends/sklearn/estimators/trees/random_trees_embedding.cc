// RandomTreesEmbedding: a column for each leaf of each tree, 1 where the row arrives.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/trees/sklearn_tree.h"

namespace plinth::sklearn {
namespace {

class LeafIndicator final : public TreeEstimator {
 public:
  // A leaf holds its column. Those of a tree come after those of the trees before it.
  using TreeEstimator::TreeEstimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const auto features = ToFeatures(rows, frame);
    if (!features) return Fail(features.error());
    if (out.values == nullptr) return {};
    const std::size_t width = traits().outputs;
    std::fill_n(out.values, rows.count * width, 0.0);
    trees().ForEachLeaf(*features, [&](std::size_t row, std::size_t, const double* leaf) {
      out.values[row * width + static_cast<std::size_t>(*leaf)] = 1;
    });
    return {};
  }

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<Rows> rows = ToDense(batch, frame);
    if (!rows) return Fail(rows.error());
    const auto features = ToFeatures(*rows, frame);
    if (!features) return Fail(features.error());
    const std::size_t width = trees().size();
    auto* columns = frame.Take<std::size_t>(rows->count * width);
    trees().ForEachLeaf(*features, [&](std::size_t row, std::size_t tree, const double* leaf) {
      columns[row * width + tree] = static_cast<std::size_t>(*leaf);
    });
    for (std::size_t row = 0; row < rows->count; ++row) {
      for (std::size_t tree = 0; tree < width; ++tree) out.Add(columns[row * width + tree], 1);
      out.EndRow();
    }
    return {};
  }
};

// Turns a leaf's value into its column: `first` and its place among the nodes that the encoder
// knows, which are sorted.
void SetColumns(Fitted& fitted, const std::vector<double>& known, std::size_t first,
                SklearnTree& read) {
  read.values.assign(read.nodes.size(), 0);
  for (std::size_t i = 0; i < read.nodes.size(); ++i) {
    if (read.nodes[i].left >= 0) continue;
    const auto node = static_cast<double>(i);
    const auto found = std::ranges::lower_bound(known, node);
    if (found == known.end() || *found != node) {
      return fitted.Fail("it has a leaf that its encoder does not know");
    }
    read.values[i] = static_cast<double>(first + static_cast<std::size_t>(found - known.begin()));
  }
}

EstimatorPtr Read(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const Value* encoder = fitted.Require("one_hot_encoder_");
  if (!fitted.ok()) return nullptr;
  Fitted part = fitted.Part(*encoder);
  const Value* categories = part.Require("categories_");
  if (part.ok() && !categories->IsSequence()) part.Fail("'categories_' is no list");
  if (!part.ok()) fitted.Fail(part.error().message);
  if (!fitted.ok()) return nullptr;
  TreeSet<float> trees(inputs, 1);
  std::size_t columns = 0;
  ForEachFittedTree(fitted, [&](const Value& tree) {
    SklearnTree read = ReadSklearnTree(fitted, tree);
    if (trees.size() >= categories->items.size()) fitted.Fail("its encoder is for fewer trees");
    if (!fitted.ok()) return;
    const std::vector<double> known =
        fitted.ReadMatrix(*categories->items[trees.size()], "categories_").data;
    SetColumns(fitted, known, columns, read);
    columns += known.size();
    trees.Add(fitted, read.nodes, read.values);
  });
  const Accepts accepts = TreeAccepts(fitted, 6);
  if (columns > ReadLimits::kMaxColumns) fitted.Fail("it gives more columns than are supported");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = columns;
  traits.sparse = fitted.Flag("sparse_output", true);
  return std::make_unique<LeafIndicator>(std::move(traits), std::move(trees), accepts);
}

}  // namespace

std::span<const RegistryEntry> TreeEmbeddings() {
  static constexpr RegistryEntry kEntries[] = {{"sklearn.ensemble.RandomTreesEmbedding", Read}};
  return kEntries;
}

}  // namespace plinth::sklearn
