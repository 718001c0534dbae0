// LatentDirichletAllocation: the topics of a document, by variational inference.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "estimators/families.h"

namespace plinth::sklearn {
namespace {

// The digamma function as scikit-learn approximates it here, to some nine digits: what it converges
// to depends on them.
double Psi(double x) {
  constexpr double kEuler = 0.577215664901532860606512090082402431;
  if (x <= 1e-6) return -kEuler - 1 / x;
  double result = 0;
  while (x < 6) {
    result -= 1 / x;
    x += 1;
  }
  double r = 1 / x;
  result += std::log(x) - 0.5 * r;
  r *= r;
  return result - r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252)));
}

struct TopicState {
  std::size_t topics = 0;
  std::vector<double> words;  // inputs x topics: exp(E[log p(word | topic)])
  double prior = 0;
  std::size_t max_steps = 100;
  double tolerance = 1e-3;
};

class TopicModel final : public Estimator {
 public:
  TopicModel(Traits traits, TopicState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    SparseMatrix& counts = frame.TakeSparse();
    AppendSparse(rows, counts);
    const SparseRows sparse = counts.View(rows.width, rows.first);
    return RunSparse(sparse, out, scratch);
  }

  Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    for (std::size_t at = rows.starts[0]; at < rows.starts[rows.count]; ++at) {
      if (rows.values[at] < 0) {
        return Fail(Code::kInvalidArgument,
                    "LatentDirichletAllocation takes counts; there is a negative number");
      }
    }
    if (out.values == nullptr) return {};
    for (std::size_t i = 0; i < rows.count; ++i) {
      Infer(rows, i, out.values + i * state_.topics, scratch);
    }
    return {};
  }

 private:
  void Infer(const SparseRows& rows, std::size_t i, double* topics, Scratch& scratch) const;
  // doc = weights * (sum over words of count / norm * word's topics)
  void Spread(const SparseRows& rows, std::size_t i, const double* weights, double* doc) const;

  TopicState state_;
};

void TopicModel::Spread(const SparseRows& rows, std::size_t i, const double* weights,
                        double* doc) const {
  const std::size_t n = state_.topics;
  std::fill_n(doc, n, 0.0);
  for (std::size_t at = rows.starts[i]; at < rows.starts[i + 1]; ++at) {
    const double* word = &state_.words[static_cast<std::size_t>(rows.columns[at]) * n];
    const double norm = Dot(weights, word, n) + std::numeric_limits<double>::epsilon();
    const double share = rows.values[at] / norm;
    for (std::size_t k = 0; k < n; ++k) doc[k] += share * word[k];
  }
  for (std::size_t k = 0; k < n; ++k) doc[k] *= weights[k];
}

void TopicModel::Infer(const SparseRows& rows, std::size_t i, double* topics,
                       Scratch& scratch) const {
  const std::size_t n = state_.topics;
  Scratch::Frame frame(scratch);
  double* weights = frame.Take<double>(n);
  double* next = frame.Take<double>(n);
  std::fill_n(topics, n, 1.0);
  std::fill_n(weights, n, std::exp(Psi(1) - Psi(static_cast<double>(n))));
  for (std::size_t step = 0; step < state_.max_steps; ++step) {
    Spread(rows, i, weights, next);
    double total = 0;
    double change = 0;
    for (std::size_t k = 0; k < n; ++k) {
      next[k] += state_.prior;
      total += next[k];
      change += std::abs(topics[k] - next[k]);
    }
    const double psi_total = Psi(total);
    for (std::size_t k = 0; k < n; ++k) weights[k] = std::exp(Psi(next[k]) - psi_total);
    std::copy_n(next, n, topics);
    if (change / static_cast<double>(n) < state_.tolerance) break;
  }
  double total = 0;
  for (std::size_t k = 0; k < n; ++k) total += topics[k];
  for (std::size_t k = 0; k < n; ++k) topics[k] /= total;
}

EstimatorPtr ReadLatentDirichlet(Fitted& fitted) {
  TopicState state;
  const Matrix topics = fitted.ReadMatrix("exp_dirichlet_component_");
  const std::size_t inputs = fitted.Inputs(topics.columns);
  state.topics = topics.rows;
  if (fitted.Require("doc_topic_prior_")) state.prior = fitted.Number("doc_topic_prior_", 0);
  state.tolerance = fitted.Number("mean_change_tol", 1e-3);
  const double steps = fitted.Number("max_doc_update_iter", 100);
  if (!(steps >= 0 && steps <= 1e6)) fitted.FailFor("max_doc_update_iter", "is not from 0 to 1e6");
  if (!fitted.limits().Charge(topics.data.size() * sizeof(double))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return nullptr;
  state.max_steps = static_cast<std::size_t>(steps);
  state.words.resize(topics.data.size());
  for (std::size_t k = 0; k < topics.rows; ++k) {
    for (std::size_t j = 0; j < inputs; ++j) {
      state.words[j * topics.rows + k] = topics.data[k * inputs + j];
    }
  }
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = topics.rows;
  traits.takes_sparse = true;
  return std::make_unique<TopicModel>(std::move(traits), std::move(state));
}

}  // namespace

std::span<const RegistryEntry> TopicModels() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.decomposition.LatentDirichletAllocation", ReadLatentDirichlet}};
  return kEntries;
}

}  // namespace plinth::sklearn
