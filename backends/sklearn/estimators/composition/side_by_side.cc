#include "estimators/composition/side_by_side.h"

#include <algorithm>
#include <utility>

namespace plinth::sklearn {
namespace {

class SideBySide final : public BatchEstimator {
 public:
  SideBySide(Traits traits, std::vector<Branch> branches)
      : BatchEstimator(std::move(traits)), branches_(std::move(branches)) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<Parts> parts = RunBranches(batch, frame);
    if (!parts) return Fail(parts.error());
    return out.values ? JoinDense(*parts, out.values, frame) : Status();
  }

  Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const Result<Parts> parts = RunBranches(batch, frame);
    if (!parts) return Fail(parts.error());
    return JoinSparse(*parts, batch.count(), out, frame);
  }

  Result<Table> TransformTable(const Batch& batch, Scratch::Frame& frame) const override {
    const Result<Parts> parts = RunBranches(batch, frame);
    if (!parts) return Fail(parts.error());
    return JoinTables(*parts, batch, frame);
  }

  // Columns that are passed on may turn out to be strings.
  Result<Batch> Transform(const Batch& batch, Scratch::Frame& frame) const override {
    const Result<Parts> parts = RunBranches(batch, frame);
    if (!parts) return Fail(parts.error());
    if (std::ranges::any_of(*parts, HoldsText)) return Batch(JoinTables(*parts, batch, frame));
    if (traits().sparse) {
      SparseMatrix& matrix = frame.TakeSparse();
      const Status joined = JoinSparse(*parts, batch.count(), matrix, frame);
      if (!joined) return Fail(joined.error());
      return Batch(matrix.View(traits().outputs, batch.first()));
    }
    double* values = frame.Take<double>(batch.count() * traits().outputs);
    const Status joined = JoinDense(*parts, values, frame);
    if (!joined) return Fail(joined.error());
    return Batch(Rows{values, batch.count(), traits().outputs, batch.first()});
  }

 private:
  using Parts = std::span<const Batch>;  // what each branch gives, before its weight

  Result<Parts> RunBranches(const Batch& batch, Scratch::Frame& frame) const;
  Status JoinDense(Parts parts, double* to, Scratch::Frame& frame) const;
  Status JoinSparse(Parts parts, std::size_t rows, SparseMatrix& to, Scratch::Frame& frame) const;
  Table JoinTables(Parts parts, const Batch& batch, Scratch::Frame& frame) const;

  std::vector<Branch> branches_;
};

Result<SideBySide::Parts> SideBySide::RunBranches(const Batch& batch, Scratch::Frame& frame) const {
  auto* parts = frame.Take<Batch>(branches_.size());
  for (std::size_t k = 0; k < branches_.size(); ++k) {
    const Branch& branch = branches_[k];
    const Batch given = branch.columns.empty() ? batch : Select(batch, branch.columns, frame);
    const Result<Batch> part = branch.transformer->Transform(given, frame);
    if (!part) return Fail(part.error());
    parts[k] = *part;
  }
  return Parts(parts, branches_.size());
}

Status SideBySide::JoinDense(Parts parts, double* to, Scratch::Frame& frame) const {
  const std::size_t width = traits().outputs;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const Result<Rows> rows = ToDense(parts[k], frame);
    if (!rows) return Fail(rows.error().Annotate(traits().name));
    const double weight = branches_[k].weight;
    for (std::size_t i = 0; i < rows->count; ++i) {
      const double* from = rows->row(i);
      double* row = to + i * width;
      if (weight == 1) {
        std::copy_n(from, rows->width, row);
      } else {
        std::transform(from, from + rows->width, row, [&](double x) { return x * weight; });
      }
    }
    to += rows->width;
  }
  return {};
}

Status SideBySide::JoinSparse(Parts parts, std::size_t rows, SparseMatrix& to,
                              Scratch::Frame& frame) const {
  auto* sparse = frame.Take<SparseRows>(parts.size());
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const Result<SparseRows> part = ToSparse(parts[k], frame);
    if (!part) return Fail(part.error().Annotate(traits().name));
    sparse[k] = *part;
  }
  for (std::size_t i = 0; i < rows; ++i) {
    std::size_t column = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      const SparseRows& part = sparse[k];
      for (std::size_t at = part.starts[i]; at < part.starts[i + 1]; ++at) {
        to.Add(column + static_cast<std::size_t>(part.columns[at]),
               part.values[at] * branches_[k].weight);
      }
      column += part.width;
    }
    to.EndRow();
  }
  return {};
}

Table SideBySide::JoinTables(Parts parts, const Batch& batch, Scratch::Frame& frame) const {
  auto* columns = frame.Take<Column>(traits().outputs);
  auto* to = columns;
  for (const Batch& part : parts) to = std::ranges::copy(ToTable(part, frame).columns, to).out;
  return Table{{columns, traits().outputs}, batch.count(), batch.first()};
}

// The types of the columns that are taken and given, where not all are numbers.
void DescribeColumns(const std::vector<Branch>& branches, Traits& traits) {
  std::vector<ColumnType> in(traits.inputs, ColumnType::kUnused);
  std::vector<ColumnType> out;
  std::vector<std::size_t> origins;
  for (const Branch& branch : branches) {
    const Traits& part = branch.transformer->traits();
    const auto input = [&](std::size_t j) {
      return branch.columns.empty() ? j : branch.columns[j];
    };
    for (std::size_t j = 0; j < part.inputs; ++j) {
      ColumnType& type = in[input(j)];
      if (type == ColumnType::kAny || type == ColumnType::kUnused) type = part.InputType(j);
    }
    for (std::size_t j = 0; j < part.TransformWidth(); ++j) {
      out.push_back(part.OutputType(j));
      origins.push_back(out.back() == ColumnType::kAny ? input(part.origins[j]) : 0);
    }
  }
  traits.input_types = std::move(in);
  if (std::ranges::count(out, ColumnType::kNumber) == std::ssize(out)) return;
  traits.output_types = std::move(out);
  traits.origins = std::move(origins);
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
    traits.joint |= part.joint;
    if (traits.outputs > ReadLimits::kMaxColumns) {
      fitted.Fail("it gives more columns than are supported");
    }
    if (!fitted.ok()) return nullptr;
  }
  // A FeatureUnion has the names of its first part that was fitted with names.
  for (const Branch& branch : branches) {
    if (traits.names.empty() && branch.columns.empty()) {
      traits.names = branch.transformer->traits().names;
    }
  }
  // ColumnTransformer decided at fit(), by how many numbers there were that are not 0. To XGBoost,
  // what is not in a sparse row is missing.
  traits.sparse = traits.sparse && fitted.Flag("sparse_output_", true);
  DescribeColumns(branches, traits);
  return std::make_unique<SideBySide>(std::move(traits), std::move(branches));
}

}  // namespace plinth::sklearn
