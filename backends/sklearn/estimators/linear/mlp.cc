// MLPClassifier and MLPRegressor: layers of affine maps with a function behind each.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/families.h"
#include "estimators/wrappers/label_targets.h"

namespace plinth::sklearn {
namespace {

enum class Activation : std::uint8_t { kIdentity, kExp, kTanh, kLogistic, kRelu, kSoftmax };

void Activate(Activation activation, double* values, std::size_t rows, std::size_t width) {
  double* end = values + rows * width;
  switch (activation) {
    case Activation::kIdentity:
      return;
    case Activation::kExp:
      std::transform(values, end, values, [](double x) { return std::exp(x); });
      return;
    case Activation::kTanh:
      std::transform(values, end, values, [](double x) { return std::tanh(x); });
      return;
    case Activation::kLogistic:
      std::transform(values, end, values, Sigmoid);
      return;
    case Activation::kRelu:
      std::transform(values, end, values, [](double x) { return x < 0 ? 0.0 : x; });
      return;
    case Activation::kSoftmax:
      for (double* row = values; row != end; row += width) Softmax(row, width);
      return;
  }
}

struct Layer {
  std::vector<double> weights;  // outputs x inputs
  std::vector<double> bias;     // one an output
  Activation activation = Activation::kIdentity;
};

class Network {
 public:
  explicit Network(std::vector<Layer> layers) : layers_(std::move(layers)) {}

  std::size_t outputs() const { return layers_.back().bias.size(); }
  std::size_t widest() const {
    return std::ranges::max(layers_, {}, [](const Layer& l) { return l.bias.size(); }).bias.size();
  }

  // Writes [rows, outputs] to `out`.
  void Run(Rows rows, double* out, Scratch& scratch) const {
    Scratch::Frame frame(scratch);
    for (const Layer& layer : layers_) {
      const std::size_t width = layer.bias.size();
      double* to = &layer == &layers_.back() ? out : frame.Take<double>(rows.count * width);
      Affine(rows, layer.weights.data(), layer.bias.data(), width, to);
      Activate(layer.activation, to, rows.count, width);
      rows = Rows{to, rows.count, width, rows.first};
    }
  }

 private:
  std::vector<Layer> layers_;  // not empty; each takes as many numbers as the one before gives
};

class MlpRegressor final : public Estimator {
 public:
  MlpRegressor(Traits traits, Network network)
      : Estimator(std::move(traits)), network_(std::move(network)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values) network_.Run(rows, out.values, scratch);
    return {};
  }

 private:
  Network network_;
};

// One output is the probability of the second class, of several there is one a class, or, with
// several targets, one a target.
class MlpClassifier final : public Estimator {
 public:
  MlpClassifier(Traits traits, Network network)
      : Estimator(std::move(traits)), network_(std::move(network)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    const std::size_t width = network_.outputs();
    Scratch::Frame frame(scratch);
    double* values =
        width > 1 && out.probabilities ? out.probabilities : frame.Take<double>(rows.count * width);
    network_.Run(rows, values, scratch);
    if (width == 1 && out.probabilities) {
      for (std::size_t i = 0; i < rows.count; ++i) {
        out.probabilities[2 * i] = 1 - values[i];
        out.probabilities[2 * i + 1] = values[i];
      }
    }
    if (out.labels == nullptr) return {};
    if (width == 1 || !traits().targets.empty()) {
      for (std::size_t i = 0; i < rows.count * width; ++i) out.labels[i] = values[i] > 0.5 ? 1 : 0;
    } else {
      for (std::size_t i = 0; i < rows.count; ++i) {
        out.labels[i] = static_cast<std::int32_t>(ArgMax(values + i * width, width));
      }
    }
    return {};
  }

 private:
  Network network_;
};

Activation ParseActivation(Fitted& fitted, std::string_view name) {
  constexpr std::pair<std::string_view, Activation> kNames[] = {
      {"identity", Activation::kIdentity}, {"exp", Activation::kExp},
      {"tanh", Activation::kTanh},         {"logistic", Activation::kLogistic},
      {"relu", Activation::kRelu},         {"softmax", Activation::kSoftmax},
  };
  for (const auto& [known, activation] : kNames) {
    if (known == name) return activation;
  }
  fitted.Fail("activation '" + std::string(name.substr(0, 40)) + "' is not known");
  return Activation::kIdentity;
}

// One of coefs_, [inputs, outputs], and of intercepts_.
Layer ReadLayer(Fitted& fitted, const Value& coefficients, const Value& intercept,
                std::size_t inputs) {
  const Matrix matrix = fitted.ReadMatrix(coefficients, "coefs_");
  Layer layer;
  layer.bias = fitted.ReadMatrix(intercept, "intercepts_").data;
  if (fitted.ok() && (matrix.is_vector || matrix.rows != inputs || matrix.columns == 0 ||
                      layer.bias.size() != matrix.columns)) {
    fitted.FailFor("coefs_", "and 'intercepts_' are layers that do not follow on each other");
  }
  if (!fitted.ok()) return layer;
  layer.weights = Transposed(matrix);
  return layer;
}

// The layers; none after a failure.
std::vector<Layer> ReadLayers(Fitted& fitted) {
  const Value* coefficients = fitted.Require("coefs_");
  const Value* intercepts = fitted.Require("intercepts_");
  const Activation hidden = ParseActivation(fitted, fitted.Text("activation", "relu"));
  const Activation last = ParseActivation(fitted, fitted.Text("out_activation_", "?"));
  if (!fitted.ok()) return {};
  if (!coefficients->IsSequence() || !intercepts->IsSequence() || coefficients->items.empty() ||
      coefficients->items.size() != intercepts->items.size()) {
    fitted.FailFor("coefs_", "and 'intercepts_' must be lists of as many layers");
    return {};
  }
  const Value& first = *coefficients->items[0];
  const bool shaped = first.Is(Kind::kArray) && first.array && first.array->shape.size() == 2;
  std::size_t width = fitted.Inputs(shaped ? first.array->shape[0] : 0);
  std::vector<Layer> layers;
  for (std::size_t i = 0; fitted.ok() && i < coefficients->items.size(); ++i) {
    layers.push_back(ReadLayer(fitted, *coefficients->items[i], *intercepts->items[i], width));
    layers.back().activation = hidden;
    width = layers.back().bias.size();
  }
  if (!fitted.ok()) return {};
  layers.back().activation = last;
  return layers;
}

EstimatorPtr ReadMlpRegressor(Fitted& fitted) {
  std::vector<Layer> layers = ReadLayers(fitted);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kRegressor,
                                    layers.front().weights.size() / layers.front().bias.size());
  Network network(std::move(layers));
  traits.outputs = network.outputs();
  traits.flat = traits.outputs == 1;
  traits.widest = network.widest();
  return std::make_unique<MlpRegressor>(std::move(traits), std::move(network));
}

EstimatorPtr ReadMlpClassifier(Fitted& fitted) {
  std::vector<Layer> layers = ReadLayers(fitted);
  LabelTargets labels = ReadLabelTargets(fitted, "_label_binarizer");
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kClassifier,
                                    layers.front().weights.size() / layers.front().bias.size());
  Network network(std::move(layers));
  const std::size_t classes = labels.classes.size();
  if (classes < 2 || network.outputs() != labels.Columns()) {
    fitted.Fail("it gives " + std::to_string(network.outputs()) + " numbers for " +
                std::to_string(classes) + " classes");
    return nullptr;
  }
  traits.probabilities = true;
  traits.widest = network.widest();
  labels.MoveTo(traits);
  return std::make_unique<MlpClassifier>(std::move(traits), std::move(network));
}

}  // namespace

std::span<const RegistryEntry> Mlps() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.neural_network.MLPClassifier", ReadMlpClassifier},
      {"sklearn.neural_network.MLPRegressor", ReadMlpRegressor},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
