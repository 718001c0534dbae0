#include "estimators/wrappers/inverse.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <ranges>
#include <utility>

#include "numeric/named_functions.h"

namespace plinth::sklearn {
namespace {

// x * scale + shift, in two roundings, as scikit-learn does.
Inverse Affinely(std::vector<double> scale, std::vector<double> shift) {
  return [scale = std::move(scale), shift = std::move(shift)](double* values, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i, values += scale.size()) {
      for (std::size_t j = 0; j < scale.size(); ++j) values[j] = values[j] * scale[j] + shift[j];
    }
  };
}

// A scaler that subtracts `shift` and divides by scale_, where the flags say so.
Inverse InverseOfScaler(Fitted& scaler, std::size_t width, bool shifted, std::string_view shift,
                        bool scaled) {
  std::vector<double> scales(width, 1.0);
  std::vector<double> shifts(width, 0.0);
  if (scaled) scales = scaler.Vector("scale_", width);
  if (shifted) shifts = scaler.Vector(shift, width);
  return Affinely(std::move(scales), std::move(shifts));
}

Inverse InverseOfStandardScaler(Fitted& scaler, std::size_t width) {
  return InverseOfScaler(scaler, width, scaler.Flag("with_mean", true), "mean_",
                         scaler.Flag("with_std", true));
}

Inverse InverseOfRobustScaler(Fitted& scaler, std::size_t width) {
  return InverseOfScaler(scaler, width, scaler.Flag("with_centering", true), "center_",
                         scaler.Flag("with_scaling", true));
}

Inverse InverseOfMaxAbsScaler(Fitted& scaler, std::size_t width) {
  return InverseOfScaler(scaler, width, false, "", true);
}

Inverse InverseOfMinMaxScaler(Fitted& scaler, std::size_t width) {
  return [scale = scaler.Vector("scale_", width), shift = scaler.Vector("min_", width)](
             double* values, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i, values += scale.size()) {
      for (std::size_t j = 0; j < scale.size(); ++j) values[j] = (values[j] - shift[j]) / scale[j];
    }
  };
}

double InverseBoxCox(double x, double lambda) {
  return lambda == 0 ? std::exp(x) : std::pow(x * lambda + 1, 1 / lambda);
}

double InverseYeoJohnson(double x, double lambda) {
  constexpr double kNone = std::numeric_limits<double>::epsilon();
  if (x >= 0) {
    return std::abs(lambda) < kNone ? std::exp(x) - 1 : std::pow(x * lambda + 1, 1 / lambda) - 1;
  }
  return std::abs(lambda - 2) > kNone ? 1 - std::pow(-(2 - lambda) * x + 1, 1 / (2 - lambda))
                                      : 1 - std::exp(-x);
}

Inverse InverseOfPowerTransformer(Fitted& transformer, std::size_t width) {
  std::vector<double> lambdas = transformer.Vector("lambdas_", width);
  const bool box_cox = transformer.Text("method", "yeo-johnson") == "box-cox";
  Inverse unscale = [](double*, std::size_t) {};
  if (transformer.Flag("standardize", true)) {
    const Value* scaler = transformer.Require("_scaler");
    if (scaler) unscale = ReadInverse(transformer, *scaler, width);
  }
  return [=, lambdas = std::move(lambdas)](double* values, std::size_t rows) {
    unscale(values, rows);
    for (std::size_t i = 0; i < rows * lambdas.size(); ++i) {
      const double lambda = lambdas[i % lambdas.size()];
      values[i] = box_cox ? InverseBoxCox(values[i], lambda) : InverseYeoJohnson(values[i], lambda);
    }
  };
}

// numpy.interp: straight lines between points, the first and last value outside. `x` rises.
double Interpolate(double at, const std::vector<double>& x, const double* y, std::size_t step) {
  if (!(at > x.front())) return y[0];
  if (!(at < x.back())) return y[(x.size() - 1) * step];
  const auto above = static_cast<std::size_t>(std::ranges::upper_bound(x, at) - x.begin());
  const double low = y[(above - 1) * step];
  return (y[above * step] - low) / (x[above] - x[above - 1]) * (at - x[above - 1]) + low;
}

Inverse InverseOfQuantileTransformer(Fitted& transformer, std::size_t width) {
  constexpr double kBound = 1e-7;  // how near to 0 and 1 counts as them
  const Matrix quantiles = transformer.ReadMatrix("quantiles_");
  const std::vector<double> references = transformer.Vector("references_", quantiles.rows);
  const bool normal = transformer.Text("output_distribution", "uniform") == "normal";
  const bool rises = std::ranges::adjacent_find(references, [](double a, double b) {
                       return !(a < b);
                     }) == references.end();
  if (transformer.ok() && (quantiles.columns != width || references.empty() || !rises)) {
    transformer.FailFor("quantiles_", "and 'references_' do not go together");
  }
  return [=](double* values, std::size_t rows) {
    const double* last = &quantiles.data[(quantiles.rows - 1) * width];
    for (std::size_t i = 0; i < rows * width; ++i) {
      const std::size_t j = i % width;
      if (std::isnan(values[i])) continue;
      const double p = normal ? 0.5 * std::erfc(-values[i] / std::sqrt(2.0)) : values[i];
      const double margin = normal ? kBound : 0;
      if (normal ? p - margin < 0 : p == 0) {
        values[i] = quantiles.data[j];
      } else if (normal ? p + margin > 1 : p == 1) {
        values[i] = last[j];
      } else {
        values[i] = Interpolate(p, references, &quantiles.data[j], width);
      }
    }
  };
}

Inverse InverseOfFunction(Fitted& transformer, std::size_t width) {
  const Value* function = transformer.Find("inverse_func");
  const Value* arguments = transformer.Find("inv_kw_args");
  if (function == nullptr || function->IsNone()) return [](double*, std::size_t) {};
  const NamedFunction known = function->Is(Kind::kGlobal) ? FindFunction(function->text) : nullptr;
  const bool plain = arguments == nullptr || arguments->IsNone() ||
                     (arguments->Is(Kind::kDict) && arguments->items.empty());
  if (known == nullptr || !plain) {
    transformer.FailFor("inverse_func",
                        "is not a function of NumPy or SciPy that is known, without arguments; "
                        "other Python functions cannot be run here");
  }
  return [=](double* values, std::size_t rows) {
    std::transform(values, values + rows * width, values, known);
  };
}

// The steps from the last to the first.
Inverse InverseOfPipeline(Fitted& pipeline, std::size_t width) {
  const Value* steps = pipeline.Require("steps");
  if (steps == nullptr) return nullptr;
  std::vector<Inverse> inverses;
  for (const Value* step : steps->items | std::views::reverse) {
    if (!step->IsSequence() || step->items.size() != 2) {
      pipeline.FailFor("steps", "are not pairs of a name and an estimator");
      return nullptr;
    }
    const Value& transformer = *step->items[1];
    if (transformer.IsNone() || transformer.IsText()) continue;  // passthrough
    inverses.push_back(ReadInverse(pipeline, transformer, width));
    if (!pipeline.ok()) return nullptr;
  }
  return [inverses = std::move(inverses)](double* values, std::size_t rows) {
    for (const Inverse& inverse : inverses) inverse(values, rows);
  };
}

struct Entry {
  std::string_view name;
  Inverse (*read)(Fitted& transformer, std::size_t width);
};

constexpr std::array kInverses = {
    Entry{"FunctionTransformer", InverseOfFunction},
    Entry{"MaxAbsScaler", InverseOfMaxAbsScaler},
    Entry{"MinMaxScaler", InverseOfMinMaxScaler},
    Entry{"Pipeline", InverseOfPipeline},
    Entry{"PowerTransformer", InverseOfPowerTransformer},
    Entry{"QuantileTransformer", InverseOfQuantileTransformer},
    Entry{"RobustScaler", InverseOfRobustScaler},
    Entry{"StandardScaler", InverseOfStandardScaler},
};

}  // namespace

Inverse ReadInverse(Fitted& fitted, const Value& transformer, std::size_t width) {
  constexpr std::size_t kCost = 512;  // at least, so that a file cannot make a million out of one
  Fitted part = fitted.Part(transformer);
  const auto found = std::ranges::find(kInverses, part.class_name(), &Entry::name);
  Inverse inverse;
  if (part.ok() && found == kInverses.end()) {
    part.Fail(
        "its inverse is not supported; those of scalers, PowerTransformer, QuantileTransformer, "
        "functions of NumPy and pipelines of them are");
  } else if (part.ok() && !fitted.limits().Charge(kCost)) {
    part.Fail("the file describes far more transformers than it has bytes for");
  } else if (part.ok()) {
    inverse = found->read(part, width);
  }
  if (!part.ok()) fitted.Fail(part.error().message);
  return inverse;
}

}  // namespace plinth::sklearn
