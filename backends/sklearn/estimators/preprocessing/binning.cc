// Transformers that put numbers into bins: Binarizer and KBinsDiscretizer.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

class Binarizer final : public Estimator {
 public:
  Binarizer(Traits traits, double threshold)
      : Estimator(std::move(traits)), threshold_(threshold) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t count = rows.count * rows.width;
    for (std::size_t i = 0; i < count; ++i) out.values[i] = rows.data[i] > threshold_ ? 1.0 : 0.0;
    return {};
  }

 private:
  double threshold_;
};

EstimatorPtr ReadBinarizer(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const double threshold = fitted.Number("threshold", 0);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = inputs;
  return std::make_unique<Binarizer>(std::move(traits), threshold);
}

// The edges of all columns' bins, one after the other: column j has those from starts[j] to
// starts[j + 1]. Values up to a column's first inner edge are in bin 0.
struct Bins {
  std::vector<double> inner;  // edges between two bins
  std::vector<std::size_t> starts;
  bool widened = false;  // versions before 1.1 moved values a little up, over near edges
  bool narrow = false;   // values are taken as float32
  bool one_hot = false;
};

class Discretizer final : public Estimator {
 public:
  Discretizer(Traits traits, Bins bins) : Estimator(std::move(traits)), bins_(std::move(bins)) {}

  Status Run(Rows rows, const Outputs& out, Scratch&) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t outputs = traits().outputs;
    if (bins_.one_hot) std::fill_n(out.values, rows.count * outputs, 0.0);
    for (std::size_t i = 0; i < rows.count; ++i) {
      const double* row = rows.row(i);
      double* to = out.values + i * outputs;
      for (std::size_t j = 0; j < rows.width; ++j) {
        const std::size_t bin = BinOf(row[j], j);
        if (bins_.one_hot) {
          // Each column has one bin more than it has inner edges.
          to[bins_.starts[j] + j + bin] = 1;
        } else {
          to[j] = static_cast<double>(bin);
        }
      }
    }
    return {};
  }

 private:
  std::size_t BinOf(double x, std::size_t column) const {
    if (bins_.narrow) x = static_cast<float>(x);
    if (bins_.widened) x += 1e-8 + 1e-5 * std::abs(x);
    const double* begin = bins_.inner.data() + bins_.starts[column];
    const double* end = bins_.inner.data() + bins_.starts[column + 1];
    return static_cast<std::size_t>(std::upper_bound(begin, end, x) - begin);
  }

  Bins bins_;
};

// bin_edges_: an array of one array a column, from its least edge to its greatest.
void ReadEdges(Fitted& fitted, Bins& bins) {
  const Value* edges = fitted.Require("bin_edges_");
  if (edges == nullptr) return;
  bins.starts.push_back(0);
  const auto add = [&](const Matrix& column) {
    if (fitted.ok() && column.data.size() < 2) {
      fitted.FailFor("bin_edges_", "has a column without a bin");
    }
    if (!fitted.ok()) return;
    bins.inner.insert(bins.inner.end(), column.data.begin() + 1, column.data.end() - 1);
    bins.starts.push_back(bins.inner.size());
  };
  if (edges->Is(Kind::kArray) && edges->array != nullptr && edges->array->shape.size() == 1 &&
      !edges->array->objects.empty()) {
    for (const Value* column : edges->array->objects) add(fitted.ReadMatrix(*column, "bin_edges_"));
    return;
  }
  fitted.FailFor("bin_edges_", "is " + Describe(*edges) + "; an array of arrays was expected");
}

EstimatorPtr ReadKBinsDiscretizer(Fitted& fitted) {
  Bins bins;
  ReadEdges(fitted, bins);
  const std::size_t inputs = fitted.Inputs(bins.starts.empty() ? 0 : bins.starts.size() - 1);
  const std::string_view encode = fitted.Text("encode", "onehot");
  if (encode != "ordinal" && encode != "onehot" && encode != "onehot-dense") {
    fitted.FailFor("encode", "is not ordinal, onehot or onehot-dense");
  }
  bins.one_hot = encode != "ordinal";
  bins.widened = !fitted.VersionAtLeast(1, 1);
  const Value* dtype = fitted.Find("dtype");
  bins.narrow = dtype != nullptr && dtype->Is(Kind::kGlobal) && dtype->text == "numpy.float32";
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = bins.one_hot ? bins.inner.size() + inputs : inputs;
  return std::make_unique<Discretizer>(std::move(traits), std::move(bins));
}

}  // namespace

std::span<const RegistryEntry> Binnings() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.Binarizer", ReadBinarizer},
      {"sklearn.preprocessing.KBinsDiscretizer", ReadKBinsDiscretizer},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
