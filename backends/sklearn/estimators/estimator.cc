#include "estimators/estimator.h"

#include <algorithm>
#include <string>
#include <utility>

namespace plinth::sklearn {
namespace {

Status Refuse(const Traits& traits, const OddPlace& place, std::size_t first) {
  if (place.oddity == Oddity::kNone) return {};
  const std::string where = " (row " + std::to_string(first + place.row) + ", column " +
                            std::to_string(place.column) + ")";
  if (place.oddity == Oddity::kInfinity) {
    return Fail(Code::kInvalidArgument, "Input X contains infinity" + where + ". " + traits.name +
                                            " accepts finite numbers only");
  }
  return Fail(Code::kInvalidArgument,
              "Input X contains NaN" + where + ". " + traits.name +
                  " does not accept missing values; put an imputer before it in a Pipeline");
}

}  // namespace

Estimator::Estimator(Traits traits) : traits_(std::move(traits)) {
  traits_.widest = std::max({traits_.widest, traits_.takes_sparse ? 0 : traits_.inputs,
                             traits_.sparse ? 0 : traits_.outputs, traits_.transform_width,
                             traits_.ProbabilityWidth(), traits_.decision_width});
}

Status Estimator::RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  const Result<Rows> dense = ToDense(Batch(rows), frame);
  if (!dense) return Fail(dense.error());
  return Run(*dense, out, scratch);
}

Status Estimator::RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const {
  if (const SparseRows* rows = batch.sparse()) return RunSparse(*rows, out, scratch);
  Scratch::Frame frame(scratch);
  const Result<Rows> rows = ToDense(batch, frame);
  if (!rows) return Fail(rows.error().code, traits_.name + ": " + rows.error().message);
  return Run(*rows, out, scratch);
}

Result<Rows> Estimator::TransformDense(const Batch& batch, Scratch::Frame& frame) const {
  const std::size_t width = traits_.TransformWidth();
  double* to = frame.Take<double>(batch.count() * width);
  const Outputs out =
      traits_.role == Role::kTransformer ? Outputs{.values = to} : Outputs{.transformed = to};
  if (Status status = RunBatch(batch, out, frame.scratch()); !status) {
    return Fail(std::move(status.error()));
  }
  return Rows{to, batch.count(), width, batch.first()};
}

Status Estimator::TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  const Result<Rows> rows = TransformDense(batch, frame);
  if (!rows) return Fail(rows.error());
  AppendSparse(*rows, out);
  return {};
}

Result<Table> Estimator::TransformTable(const Batch& batch, Scratch::Frame& frame) const {
  const Result<Rows> rows = TransformDense(batch, frame);
  if (!rows) return Fail(rows.error());
  return ToTable(Batch(*rows), frame);
}

Result<Batch> Estimator::Transform(const Batch& batch, Scratch::Frame& frame) const {
  if (traits_.GivesText()) {
    const Result<Table> table = TransformTable(batch, frame);
    if (!table) return Fail(table.error());
    return Batch(*table);
  }
  if (traits_.sparse) {
    SparseMatrix& matrix = frame.TakeSparse();
    if (Status status = TransformSparse(batch, matrix, frame.scratch()); !status) {
      return Fail(std::move(status.error()));
    }
    return Batch(matrix.View(traits_.TransformWidth(), batch.first()));
  }
  const Result<Rows> rows = TransformDense(batch, frame);
  if (!rows) return Fail(rows.error());
  return Batch(*rows);
}

Status Estimator::CheckFinite(Rows rows, bool allow_nan) const {
  return Refuse(traits_, FindOddity(rows, allow_nan), rows.first);
}

Status Estimator::CheckFinite(const SparseRows& rows, bool allow_nan) const {
  return Refuse(traits_, FindOddity(rows, allow_nan), rows.first);
}

SparseTransformer::SparseTransformer(Traits traits)
    : Estimator([&] {
        traits.sparse = true;
        return std::move(traits);
      }()) {}

Status SparseTransformer::Run(Rows rows, const Outputs& out, Scratch& scratch) const {
  return RunBatch(Batch(rows), out, scratch);
}

Status SparseTransformer::RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const {
  Scratch::Frame frame(scratch);
  SparseMatrix& matrix = frame.TakeSparse();
  if (Status status = TransformSparse(batch, matrix, scratch); !status) return status;
  if (out.values) ToDense(matrix.View(traits().outputs, batch.first()), out.values);
  return {};
}

}  // namespace plinth::sklearn
