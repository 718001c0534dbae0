#include "estimators/side_by_side.h"

#include <algorithm>
#include <utility>

namespace plinth::sklearn {
namespace {

class SideBySide final : public Estimator {
 public:
  SideBySide(Traits traits, std::vector<Branch> branches)
      : Estimator(std::move(traits)), branches_(std::move(branches)) {}

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override {
    std::size_t at = 0;
    for (const Branch& branch : branches_) {
      if (Status status = RunBranch(branch, rows, out.values, at, scratch); !status) return status;
      at += branch.transformer->traits().outputs;
    }
    return {};
  }

 private:
  Status RunBranch(const Branch& branch, Rows rows, double* out, std::size_t at,
                   Scratch& scratch) const;

  std::vector<Branch> branches_;
};

Rows Gather(Rows rows, const std::vector<std::size_t>& columns, double* to) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    for (std::size_t j = 0; j < columns.size(); ++j) to[i * columns.size() + j] = row[columns[j]];
  }
  return Rows{to, rows.count, columns.size(), rows.first};
}

Status SideBySide::RunBranch(const Branch& branch, Rows rows, double* out, std::size_t at,
                             Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  if (!branch.columns.empty()) {
    rows = Gather(rows, branch.columns, frame.Take<double>(rows.count * branch.columns.size()));
  }
  const std::size_t width = branch.transformer->traits().outputs;
  double* values = frame.Take<double>(rows.count * width);
  if (Status status = branch.transformer->Run(rows, Outputs{.values = values}, scratch); !status) {
    return status;
  }
  if (out == nullptr) return {};
  const std::size_t total = traits().outputs;
  for (std::size_t i = 0; i < rows.count; ++i) {
    double* to = out + i * total + at;
    const double* from = values + i * width;
    if (branch.weight == 1) {
      std::copy_n(from, width, to);
    } else {
      std::transform(from, from + width, to, [&](double value) { return value * branch.weight; });
    }
  }
  return {};
}

}  // namespace

EstimatorPtr MakeSideBySide(Fitted& fitted, std::size_t inputs, std::vector<Branch> branches) {
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  for (const Branch& branch : branches) {
    const Traits& part = branch.transformer->traits();
    if (part.role != Role::kTransformer) fitted.Fail(part.name + " is not a transformer");
    traits.outputs += part.outputs;
    traits.widest = std::max(traits.widest, part.widest);
    if (traits.outputs > ReadLimits::kMaxColumns) {
      fitted.Fail("it gives more columns than are supported");
    }
    if (!fitted.ok()) return nullptr;
  }
  return std::make_unique<SideBySide>(std::move(traits), std::move(branches));
}

}  // namespace plinth::sklearn
