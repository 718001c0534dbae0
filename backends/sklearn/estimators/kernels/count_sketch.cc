// PolynomialCountSketch: as many count sketches of a row as the polynomial has degrees, convolved.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

class CountSketch final : public Estimator {
 public:
  // Where a column of X (or the constant behind them) goes, and its sign.
  struct Place {
    std::size_t at;  // < outputs
    double sign;
  };

  // `places` has degree x (inputs, and one more for the constant if there is one).
  CountSketch(Traits traits, std::vector<Place> places, std::size_t degree, double scale,
              double constant)
      : Estimator(std::move(traits)),
        places_(std::move(places)),
        degree_(degree),
        scale_(scale),
        constant_(constant) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    const std::size_t n = traits().outputs;
    Scratch::Frame frame(scratch);
    double* product = frame.Take<double>(n);
    for (std::size_t i = 0; i < rows.count; ++i) {
      double* sketch = out.values + i * n;
      std::fill_n(sketch, n, 0.0);
      sketch[0] = 1;  // the neutral element of the convolution
      for (std::size_t d = 0; d < degree_; ++d) {
        Convolve(rows.row(i), d, sketch, product);
        std::copy_n(product, n, sketch);
      }
    }
    return {};
  }

 private:
  // scikit-learn goes through Fourier transforms; a sketch has at most one entry a column, so the
  // convolution itself is short, and exact where theirs is rounded.
  void Convolve(const double* row, std::size_t d, const double* sketch, double* product) const {
    const std::size_t n = traits().outputs;
    const std::size_t entries = places_.size() / degree_;
    std::fill_n(product, n, 0.0);
    for (std::size_t j = 0; j < entries; ++j) {
      const Place place = places_[d * entries + j];
      const double value = place.sign * (j < traits().inputs ? scale_ * row[j] : constant_);
      if (value == 0) continue;
      const std::size_t head = n - place.at;
      for (std::size_t k = 0; k < head; ++k) product[place.at + k] += value * sketch[k];
      for (std::size_t k = head; k < n; ++k) product[k - head] += value * sketch[k];
    }
  }

  std::vector<Place> places_;
  std::size_t degree_;
  double scale_;
  double constant_;
};

EstimatorPtr ReadCountSketch(Fitted& fitted) {
  const std::size_t inputs = fitted.Inputs();
  const Matrix index = fitted.ReadMatrix("indexHash_");
  const Matrix signs = fitted.ReadMatrix("bitHash_");
  const double outputs = fitted.Number("n_components", 100);
  const double gamma = fitted.Number("gamma", 1);
  const double coef0 = fitted.Number("coef0", 0);
  if (!fitted.ok()) return nullptr;
  const std::size_t entries = inputs + (coef0 != 0 ? 1 : 0);
  if (!(outputs >= 1 && outputs <= static_cast<double>(ReadLimits::kMaxColumns))) {
    fitted.FailFor("n_components", "is not a number of columns");
  }
  if (index.rows == 0 || index.columns != entries || signs.data.size() != index.data.size()) {
    fitted.FailFor("indexHash_", "is not for its columns");
  }
  if (!fitted.limits().Charge(index.data.size() * sizeof(CountSketch::Place))) {
    fitted.Fail("it is too large for its file");
  }
  std::vector<CountSketch::Place> places;
  for (std::size_t i = 0; fitted.ok() && i < index.data.size(); ++i) {
    if (!(index.data[i] >= 0 && index.data[i] < std::floor(outputs))) {
      fitted.FailFor("indexHash_", "names a column that is not there");
    } else {
      places.push_back({static_cast<std::size_t>(index.data[i]), signs.data[i]});
    }
  }
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = static_cast<std::size_t>(outputs);
  return std::make_unique<CountSketch>(std::move(traits), std::move(places), index.rows,
                                       std::sqrt(gamma), std::sqrt(coef0));
}

}  // namespace

std::span<const RegistryEntry> CountSketches() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.kernel_approximation.PolynomialCountSketch", ReadCountSketch}};
  return kEntries;
}

}  // namespace plinth::sklearn
