#include "estimators/batch.h"

#include <algorithm>
#include <string>

namespace plinth::sklearn {

std::size_t Batch::count() const {
  return std::visit([](const auto& form) { return form.count; }, form_);
}

std::size_t Batch::first() const {
  return std::visit([](const auto& form) { return form.first; }, form_);
}

std::size_t Batch::width() const {
  if (dense()) return dense()->width;
  return sparse() ? sparse()->width : table()->columns.size();
}

Result<Rows> ToDense(const Batch& batch, Scratch::Frame& frame) {
  if (batch.dense()) return *batch.dense();
  const std::size_t width = batch.width();
  double* to = frame.Take<double>(batch.count() * width);
  const Rows rows{to, batch.count(), width, batch.first()};
  if (batch.sparse()) {
    ToDense(*batch.sparse(), to);
    return rows;
  }
  for (std::size_t j = 0; j < width; ++j) {
    const Column& column = batch.table()->columns[j];
    if (column.type() == ColumnType::kText) {
      return Fail(Code::kInvalidArgument,
                  "column " + std::to_string(j) + " holds strings; numbers were expected");
    }
    for (std::size_t i = 0; i < rows.count; ++i) to[i * width + j] = column.number(i);
  }
  return rows;
}

Result<SparseRows> ToSparse(const Batch& batch, Scratch::Frame& frame) {
  if (batch.sparse()) return *batch.sparse();
  const Result<Rows> rows = ToDense(batch, frame);
  if (!rows) return Fail(rows.error());
  SparseMatrix& matrix = frame.TakeSparse();
  AppendSparse(*rows, matrix);
  return matrix.View(rows->width, rows->first);
}

Table ToTable(const Batch& batch, Scratch::Frame& frame) {
  if (batch.table()) return *batch.table();
  const Rows rows = *ToDense(batch, frame);  // numbers only: cannot fail
  Column* columns = frame.Take<Column>(rows.width);
  for (std::size_t j = 0; j < rows.width; ++j) columns[j] = {rows.data + j, rows.width, nullptr};
  return {{columns, rows.width}, rows.count, rows.first};
}

Batch Slice(const Batch& batch, std::size_t at, std::size_t count, Scratch::Frame& frame) {
  if (const Rows* rows = batch.dense()) {
    return Batch(Rows{rows->row(at), count, rows->width, rows->first + at});
  }
  if (const SparseRows* rows = batch.sparse()) {
    SparseRows part = *rows;
    part.starts += at;
    part.count = count;
    part.first += at;
    return Batch(part);
  }
  const Table& table = *batch.table();
  Column* columns = frame.Take<Column>(table.columns.size());
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    columns[j] = table.columns[j];
    if (columns[j].numbers) columns[j].numbers += at * columns[j].stride;
    if (columns[j].texts) columns[j].texts += at;
  }
  return Batch(Table{{columns, table.columns.size()}, count, table.first + at});
}

bool HoldsText(const Batch& batch) {
  return batch.table() && std::ranges::any_of(batch.table()->columns, [](const Column& column) {
           return column.type() == ColumnType::kText;
         });
}

Batch Select(const Batch& batch, std::span<const std::size_t> columns, Scratch::Frame& frame) {
  if (const Table* table = batch.table()) {
    Column* chosen = frame.Take<Column>(columns.size());
    std::ranges::transform(columns, chosen, [&](std::size_t j) { return table->columns[j]; });
    return Batch(Table{{chosen, columns.size()}, table->count, table->first});
  }
  double* to = frame.Take<double>(batch.count() * columns.size());
  const Rows selected{to, batch.count(), columns.size(), batch.first()};
  const Rows rows = *ToDense(batch, frame);  // numbers only: cannot fail
  for (std::size_t i = 0; i < rows.count; ++i) {
    const double* row = rows.row(i);
    for (std::size_t column : columns) *to++ = row[column];
  }
  return Batch(selected);
}

}  // namespace plinth::sklearn
