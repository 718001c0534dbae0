#include "estimators/kernels/kernel_state.h"

#include <algorithm>
#include <utility>

#include "estimators/sparse_state.h"

namespace plinth::sklearn {
namespace {

struct NamedKernel {
  std::string_view name;
  KernelType type;
};

constexpr NamedKernel kKernels[] = {
    {"additive_chi2", KernelType::kAdditiveChi2},
    {"chi2", KernelType::kChi2},
    {"cosine", KernelType::kCosine},
    {"laplacian", KernelType::kLaplacian},
    {"linear", KernelType::kLinear},
    {"poly", KernelType::kPolynomial},
    {"polynomial", KernelType::kPolynomial},
    {"precomputed", KernelType::kPrecomputed},
    {"rbf", KernelType::kRbf},
    {"sigmoid", KernelType::kSigmoid},
};

double Parameter(Fitted& fitted, std::string_view name, double otherwise) {
  const Value* params = fitted.Find("kernel_params");
  const Value* given = params ? params->Get(name) : nullptr;
  if (given && given->Is(Kind::kFloat)) return given->real;
  if (given && given->Is(Kind::kInt)) return static_cast<double>(given->integer);
  return fitted.Has(name) ? fitted.Number(name, otherwise) : otherwise;
}

// How many columns an array or a sparse matrix has; 0 if that cannot be told.
std::size_t WidthOf(Fitted& fitted, const Value& rows) {
  if (rows.Is(Kind::kObject)) {
    const std::vector<std::int64_t> shape = fitted.Part(rows).Ints("_shape");
    return shape.size() == 2 && shape[1] > 0 ? static_cast<std::size_t>(shape[1]) : 0;
  }
  const bool matrix = rows.Is(Kind::kArray) && rows.array && rows.array->shape.size() == 2;
  return matrix ? rows.array->shape[1] : 0;
}

}  // namespace

KernelFunction ReadKernelFunction(Fitted& fitted, std::string_view kernel, std::size_t inputs) {
  KernelFunction function;
  const auto* const known = std::ranges::find(kKernels, kernel, &NamedKernel::name);
  if (known == std::end(kKernels)) {
    fitted.Fail("kernel '" + std::string(kernel.substr(0, 64)) + "' is not known");
    return function;
  }
  function.type = known->type;
  const double gamma = function.type == KernelType::kChi2
                           ? 1.0
                           : 1.0 / static_cast<double>(std::max<std::size_t>(inputs, 1));
  // The parameter may be a rule ("scale"); then another attribute has what came of it.
  std::string_view attribute = "gamma";
  for (std::string_view name : {"gamma_", "_gamma"})
    attribute = fitted.Has(name) ? name : attribute;
  function.gamma = Parameter(fitted, attribute, gamma);
  function.coef0 = Parameter(fitted, "coef0", 1);
  function.degree = Parameter(fitted, "degree", 3);
  return function;
}

Kernel ReadKernel(Fitted& fitted, std::string_view rows_name, std::size_t& inputs) {
  const Value* kernel = fitted.Require("kernel");
  if (kernel == nullptr) return {};
  if (!kernel->IsText()) {
    fitted.Fail("its kernel is a Python function, which cannot be read; use a kernel by name");
    return {};
  }
  if (kernel->text == "precomputed") {
    inputs = fitted.Inputs();
    return {std::vector<std::size_t>(), inputs};
  }
  const Value* rows = fitted.Require(rows_name);
  if (rows == nullptr) return {};
  inputs = fitted.Inputs(WidthOf(fitted, *rows));
  const KernelFunction function = ReadKernelFunction(fitted, kernel->text, inputs);
  return fitted.ok() ? ReadKernelRows(fitted, rows_name, function) : Kernel();
}

Kernel ReadKernelRows(Fitted& fitted, std::string_view rows_name, KernelFunction function) {
  const Value* value = fitted.Require(rows_name);
  if (value == nullptr) return {};
  if (value->Is(Kind::kObject) && IsOfProducts(function.type)) {
    std::size_t width = 0;
    SparseMatrix rows = ReadCsr(fitted, *value, rows_name, width);
    return fitted.ok() ? Kernel(function, std::move(rows), width) : Kernel();
  }
  Matrix rows = ReadMaybeSparse(fitted, rows_name);
  if (!fitted.limits().Charge(Panels::SizeFor(rows.rows, rows.columns))) {
    fitted.Fail("it is too large for its file");
  }
  if (!fitted.ok()) return {};
  return {function, std::move(rows.data), rows.rows, rows.columns};
}

Status CheckNegatives(const Kernel& kernel, Rows rows, std::string_view name) {
  if (!RefusesNegatives(kernel.type())) return {};
  const double* end = rows.data + rows.count * rows.width;
  const double* found = std::find_if(rows.data, end, [](double x) { return x < 0; });
  if (found == end) return {};
  const auto at = static_cast<std::size_t>(found - rows.data);
  return Fail(Code::kInvalidArgument, "Input X contains a negative number (row " +
                                          std::to_string(rows.first + at / rows.width) +
                                          ", column " + std::to_string(at % rows.width) +
                                          "). The kernel of " + std::string(name) +
                                          " is for numbers that are not negative");
}

}  // namespace plinth::sklearn
