// DictionaryLearning, MiniBatchDictionaryLearning and SparseCoder: rows as sums of few atoms.
#include <algorithm>
#include <cmath>
#include <utility>

#include "estimators/decomposition/sparse_codes.h"
#include "estimators/families.h"
#include "numeric/panels.h"
#include "numeric/products.h"

namespace plinth::sklearn {
namespace {

enum class Coding : std::uint8_t { kPursuit, kLasso, kThreshold };

class Dictionary final : public Estimator {
 public:
  Dictionary(Traits traits, Panels atoms, CodingState state, Coding coding, bool split)
      : Estimator(std::move(traits)),
        atoms_(std::move(atoms)),
        state_(std::move(state)),
        coding_(coding),
        split_(split) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    if (Status finite = CheckFinite(rows); !finite) return finite;
    if (out.values == nullptr) return {};
    Scratch::Frame frame(scratch);
    const std::size_t n = state_.atoms;
    double* products = frame.Take<double>(rows.count * n);
    double* code = frame.Take<double>(n);
    InnerProducts(rows, atoms_, AllOf(atoms_), products);
    double* to = out.values;
    for (std::size_t i = 0; i < rows.count; ++i) {
      if (Status status = Encode(products + i * n, code, scratch); !status) return status;
      if (!split_) {
        to = std::copy_n(code, n, to);
        continue;
      }
      for (std::size_t j = 0; j < n; ++j) *to++ = std::max(code[j], 0.0);
      for (std::size_t j = 0; j < n; ++j) *to++ = -std::min(code[j], 0.0);
    }
    return {};
  }

 private:
  Status Encode(const double* products, double* code, Scratch& scratch) const {
    if (coding_ == Coding::kLasso) return Lasso(state_, products, code, scratch);
    if (coding_ == Coding::kThreshold) {
      Threshold(state_, products, code);
    } else {
      MatchingPursuit(state_, products, code, scratch);
    }
    return {};
  }

  Panels atoms_;
  CodingState state_;
  Coding coding_;
  bool split_;  // positive and negative parts side by side
};

Coding ReadCoding(Fitted& fitted) {
  const std::string_view name = fitted.Text("transform_algorithm", "omp");
  if (name == "omp") return Coding::kPursuit;
  if (name == "threshold") return Coding::kThreshold;
  if (name != "lasso_lars") {
    fitted.Fail("transform_algorithm='" + std::string(name) +
                "' is not served: use omp, lasso_lars or threshold" +
                (name == "lasso_cd" ? "; lasso_lars has the same minimum, exactly" : ""));
  }
  return Coding::kLasso;
}

double ReadPenalty(Fitted& fitted) {
  if (fitted.Has("transform_alpha")) return fitted.Number("transform_alpha", 1);
  // Since version 1.2 that of fit() is the default.
  return fitted.VersionAtLeast(1, 2) && fitted.Has("alpha") ? fitted.Number("alpha", 1) : 1;
}

CodingState ReadState(Fitted& fitted, const Matrix& atoms) {
  CodingState state;
  state.atoms = atoms.rows;
  state.positive = fitted.Flag("positive_code", false);
  state.penalty = ReadPenalty(fitted);
  const double most = static_cast<double>(atoms.rows);
  double nonzero = std::min(std::max(static_cast<double>(atoms.columns) / 10, 1.0), most);
  if (fitted.Has("transform_n_nonzero_coefs")) {
    nonzero = fitted.Number("transform_n_nonzero_coefs", 1);
  }
  if (!(nonzero >= 1 && nonzero <= most)) {
    fitted.FailFor("transform_n_nonzero_coefs", "is not from 1 to the number of atoms");
  }
  if (!(state.penalty >= 0)) fitted.FailFor("transform_alpha", "is negative");
  if (atoms.rows > ReadLimits::kMaxColumns ||
      !fitted.limits().Charge(atoms.rows * atoms.rows * sizeof(double)) ||
      !fitted.limits().Charge(Panels::SizeFor(atoms.rows, atoms.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return state;
  state.nonzero = static_cast<std::size_t>(nonzero);
  for (std::size_t a = 0; a < atoms.rows; ++a) {
    for (std::size_t b = 0; b < atoms.rows; ++b) {
      state.gram.push_back(
          Dot(&atoms.data[a * atoms.columns], &atoms.data[b * atoms.columns], atoms.columns));
    }
  }
  return state;
}

EstimatorPtr ReadDictionary(Fitted& fitted) {
  // A SparseCoder is given its dictionary.
  const Matrix atoms = fitted.ReadMatrix(fitted.Has("components_") ? "components_" : "dictionary");
  const std::size_t inputs = fitted.Inputs(atoms.columns);
  const Coding coding = ReadCoding(fitted);
  const bool split = fitted.Flag("split_sign", false);
  if (!fitted.ok()) return nullptr;
  CodingState state = ReadState(fitted, atoms);
  if (!fitted.ok()) return nullptr;
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.outputs = atoms.rows * (split ? 2 : 1);
  return std::make_unique<Dictionary>(std::move(traits),
                                      Panels(atoms.data.data(), atoms.rows, atoms.columns),
                                      std::move(state), coding, split);
}

}  // namespace

std::span<const RegistryEntry> Dictionaries() {
  static constexpr RegistryEntry kEntries[] = {
      {"sklearn.decomposition.DictionaryLearning", ReadDictionary},
      {"sklearn.decomposition.MiniBatchDictionaryLearning", ReadDictionary},
      {"sklearn.decomposition.SparseCoder", ReadDictionary},
  };
  return kEntries;
}

}  // namespace plinth::sklearn
