#include "estimators/linear/linear_state.h"

#include <utility>

#include "estimators/sparse_state.h"

namespace plinth::sklearn {
LinearState ReadLinearState(Fitted& fitted) {
  LinearState state;
  Matrix weights = ReadMaybeSparse(fitted, "coef_");
  std::vector<double> bias = fitted.Vector("intercept_");
  if (!fitted.ok()) return state;
  if (weights.data.empty()) {
    fitted.Fail("'coef_' is empty");
    return state;
  }
  if (bias.size() == 1) bias.resize(weights.rows, bias[0]);
  if (bias.size() != weights.rows) {
    fitted.Fail("'intercept_' has " + std::to_string(bias.size()) + " numbers; " +
                std::to_string(weights.rows) + " were expected");
    return state;
  }
  state.inputs = fitted.Inputs(weights.columns);
  state.outputs = weights.rows;
  state.flat = weights.is_vector;
  state.weights = std::move(weights.data);
  state.bias = std::move(bias);
  return state;
}

}  // namespace plinth::sklearn
