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
    return RunBatch(Batch(rows), out, scratch);
  }

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    std::size_t at = 0;
    for (const Branch& branch : branches_) {
      Scratch::Frame frame(scratch);
      const Result<Batch> part = RunBranch(branch, batch, frame);
      if (!part) return Fail(part.error());
      const Result<Rows> rows = ToDense(*part, frame);
      if (!rows) return Fail(rows.error());
      if (out.values) Place(*rows, branch.weight, out.values, at);
      at += branch.transformer->traits().TransformWidth();
    }
    return {};
  }

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override;
  Result<Table> TransformTable(const Batch& batch, Scratch::Frame& frame) const override;

 private:
  // What a branch gives, before its weight.
  static Result<Batch> RunBranch(const Branch& branch, const Batch& batch, Scratch::Frame& frame) {
    if (branch.columns.empty()) return branch.transformer->Transform(batch, frame);
    return branch.transformer->Transform(Select(batch, branch.columns, frame), frame);
  }

  void Place(Rows rows, double weight, double* out, std::size_t at) const;

  std::vector<Branch> branches_;
};

void SideBySide::Place(Rows rows, double weight, double* out, std::size_t at) const {
  for (std::size_t i = 0; i < rows.count; ++i) {
    double* to = out + i * traits().outputs + at;
    const double* from = rows.row(i);
    if (weight == 1) {
      std::copy_n(from, rows.width, to);
    } else {
      std::transform(from, from + rows.width, to, [&](double value) { return value * weight; });
    }
  }
}

Status SideBySide::TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  auto* parts = frame.Take<SparseRows>(branches_.size());
  for (std::size_t k = 0; k < branches_.size(); ++k) {
    const Result<Batch> part = RunBranch(branches_[k], batch, frame);
    if (!part) return Fail(part.error());
    const Result<SparseRows> rows = ToSparse(*part, frame);
    if (!rows) return Fail(rows.error());
    parts[k] = *rows;
  }
  for (std::size_t i = 0; i < batch.count(); ++i) {
    std::size_t column = 0;
    for (std::size_t k = 0; k < branches_.size(); ++k) {
      const SparseRows& part = parts[k];
      for (std::size_t at = part.starts[i]; at < part.starts[i + 1]; ++at) {
        out.Add(column + static_cast<std::size_t>(part.columns[at]),
                part.values[at] * branches_[k].weight);
      }
      column += part.width;
    }
    out.EndRow();
  }
  return {};
}

Result<Table> SideBySide::TransformTable(const Batch& batch, Scratch::Frame& frame) const {
  Column* columns = frame.Take<Column>(traits().outputs);
  std::size_t at = 0;
  for (const Branch& branch : branches_) {
    const Result<Batch> part = RunBranch(branch, batch, frame);
    if (!part) return Fail(part.error());
    std::ranges::copy(ToTable(*part, frame).columns, columns + at);
    at += branch.transformer->traits().TransformWidth();
  }
  return Table{{columns, at}, batch.count(), batch.first()};
}

// The columns' types and the form of what comes of them.
void DescribeForms(const std::vector<Branch>& branches, Traits& traits) {
  std::vector<ColumnType> in(traits.inputs, ColumnType::kNumber);
  std::vector<ColumnType> out;
  for (const Branch& branch : branches) {
    const Traits& part = branch.transformer->traits();
    for (std::size_t j = 0; j < part.input_types.size(); ++j) {
      in[branch.columns.empty() ? j : branch.columns[j]] = part.input_types[j];
    }
    if (part.output_types.empty()) {
      out.resize(out.size() + part.TransformWidth(), ColumnType::kNumber);
    } else {
      out.insert(out.end(), part.output_types.begin(), part.output_types.end());
    }
  }
  const auto holds_text = [](const std::vector<ColumnType>& types) {
    return std::ranges::find(types, ColumnType::kText) != types.end();
  };
  if (holds_text(in)) traits.input_types = std::move(in);
  if (holds_text(out)) traits.output_types = std::move(out);
}

}  // namespace

EstimatorPtr MakeSideBySide(Fitted& fitted, std::size_t inputs, std::vector<Branch> branches) {
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  for (const Branch& branch : branches) {
    const Traits& part = branch.transformer->traits();
    if (!part.Transforms()) fitted.Fail(part.name + " is not a transformer");
    traits.outputs += part.TransformWidth();
    traits.sparse |= part.sparse;
    traits.widest = std::max(traits.widest, part.widest);
    if (traits.outputs > ReadLimits::kMaxColumns) {
      fitted.Fail("it gives more columns than are supported");
    }
    if (!fitted.ok()) return nullptr;
  }
  DescribeForms(branches, traits);
  return std::make_unique<SideBySide>(std::move(traits), std::move(branches));
}

}  // namespace plinth::sklearn
