// PolynomialFeatures: all products of the columns up to a degree.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// Products of one degree that share their first factor: columns [from, from + count) of the degree
// below, each multiplied by one column of X, become the columns from `to` on.
struct Products {
  std::size_t from = 0;
  std::size_t count = 0;
  std::size_t to = 0;
  std::size_t feature = 0;
};

// Every column of the expansion is computed from an earlier one by one multiplication, in
// scikit-learn's order: the bias, X itself, then degree after degree.
struct Expansion {
  bool bias = true;
  bool linear = true;          // the columns of X come in it (not for degree 0)
  std::vector<Products> runs;  // of the degrees from 2 on
  std::size_t width = 0;       // of all degrees from 0 on
  // Columns of low degrees that are computed on the way but not given; the bias is.
  std::size_t skipped = 0;
};

class Polynomial final : public Estimator {
 public:
  Polynomial(Traits traits, Expansion expansion)
      : Estimator(std::move(traits)), expansion_(std::move(expansion)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    if (expansion_.skipped == 0) {
      for (std::size_t i = 0; i < rows.count; ++i) {
        Expand(rows.row(i), rows.width, out.values + i * expansion_.width);
      }
      return {};
    }
    Scratch::Frame frame(scratch);
    double* whole = frame.Take<double>(expansion_.width);
    const std::size_t outputs = traits().outputs;
    const std::size_t first = expansion_.bias ? 1 : 0;
    for (std::size_t i = 0; i < rows.count; ++i) {
      Expand(rows.row(i), rows.width, whole);
      double* to = out.values + i * outputs;
      if (expansion_.bias) to[0] = 1;
      std::copy_n(whole + first + expansion_.skipped, outputs - first, to + first);
    }
    return {};
  }

 private:
  void Expand(const double* row, std::size_t width, double* to) const {
    std::size_t at = 0;
    if (expansion_.bias) to[at++] = 1;
    if (expansion_.linear) std::copy_n(row, width, to + at);
    for (const auto& run : expansion_.runs) {
      const double factor = row[run.feature];
      const double* from = to + run.from;
      double* products = to + run.to;
      for (std::size_t k = 0; k < run.count; ++k) products[k] = from[k] * factor;
    }
  }

  Expansion expansion_;
};

struct Degrees {
  std::size_t least = 0;
  std::size_t most = 0;
};

// A number, or from version 1.0 on a pair (least, most).
Degrees ReadDegrees(Fitted& fitted) {
  const std::vector<std::int64_t> degree = fitted.Ints("degree");
  if (!fitted.ok()) return {};
  const std::int64_t least = degree.size() == 2 ? degree[0] : 0;
  const std::int64_t most = degree.empty() ? -1 : degree.back();
  if (degree.size() > 2 || least < 0 || most < least) {
    fitted.FailFor("degree", "is not a degree, nor a pair of the least and the most");
    return {};
  }
  return {static_cast<std::size_t>(least), static_cast<std::size_t>(most)};
}

// Adds the products of `degree`. starts[f] is where those of the degree below begin that have
// column f as their first factor; behind its last element nothing of that degree follows. False if
// there are none, or too many.
bool AddDegree(Fitted& fitted, Expansion& expansion, std::vector<std::size_t>& starts,
               std::size_t inputs, bool interaction_only) {
  std::vector<std::size_t> next;
  const std::size_t before = expansion.width;
  const std::size_t end = starts.back();
  for (std::size_t feature = 0; feature < inputs; ++feature) {
    next.push_back(expansion.width);
    const std::size_t from = interaction_only ? starts[feature + 1] : starts[feature];
    if (from >= end) break;
    if (end - from > ReadLimits::kMaxColumns - expansion.width ||
        !fitted.limits().Charge(sizeof(Products))) {
      fitted.Fail("it gives more columns than are supported");
      return false;
    }
    expansion.runs.push_back({from, end - from, expansion.width, feature});
    expansion.width += end - from;
  }
  next.push_back(expansion.width);
  starts = std::move(next);
  return expansion.width > before;
}

Expansion Plan(Fitted& fitted, std::size_t inputs, Degrees degrees) {
  Expansion expansion;
  const bool interaction_only = fitted.Flag("interaction_only", false);
  expansion.bias = fitted.Flag("include_bias", true);
  expansion.linear = degrees.most > 0;
  const std::size_t first = expansion.bias ? 1 : 0;
  expansion.width = first;
  if (!expansion.linear) return expansion;
  std::vector<std::size_t> starts;
  for (std::size_t feature = 0; feature <= inputs; ++feature) starts.push_back(first + feature);
  expansion.width += inputs;
  for (std::size_t degree = 2; degree <= degrees.most; ++degree) {
    if (degree == degrees.least) expansion.skipped = expansion.width - first;
    if (!AddDegree(fitted, expansion, starts, inputs, interaction_only)) break;
  }
  return expansion;
}

EstimatorPtr ReadPolynomialFeatures(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const Degrees degrees = ReadDegrees(fitted);
  if (!fitted.ok()) return nullptr;
  Expansion expansion = Plan(fitted, inputs, degrees);
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = expansion.width - expansion.skipped;
  traits.widest = expansion.width;
  if (traits.outputs == 0) fitted.Fail("it gives no columns");
  if (!fitted.ok()) return nullptr;
  return std::make_unique<Polynomial>(std::move(traits), std::move(expansion));
}

}  // namespace

std::span<const RegistryEntry> PolynomialExpansions() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.preprocessing.PolynomialFeatures", ReadPolynomialFeatures}};
  return kEntries;
}

}  // namespace plinth::sklearn
