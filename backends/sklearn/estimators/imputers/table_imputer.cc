#include "estimators/imputers/table_imputer.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "estimators/imputers/missing.h"

namespace plinth::sklearn {
namespace {

bool IsMissingValue(const Value& value) {
  return value.IsNone() || (value.Is(Kind::kFloat) && std::isnan(value.real));
}

// What counts as missing: what requests call missing, or one string or number.
struct TableMarker {
  std::optional<std::string> text;
  Marker number;

  bool Matches(const Column& column, std::size_t i) const {
    if (column.texts == nullptr) return !text && number.Matches(column.number(i));
    return text ? column.text(i) == *text && !IsMissing(column.text(i))
                : number.is_nan && IsMissing(column.text(i));
  }
};

// A column that is passed on, and what replaces its missing values.
struct Filling {
  std::size_t column = 0;
  ColumnType type = ColumnType::kNumber;
  double number = 0;
  std::string text;
};

struct TableImputerState {
  TableMarker marker;
  std::vector<Filling> fillings;
  std::vector<std::size_t> marked;  // columns whose missing values are told of, as 0 or 1
};

class TableImputer final : public Estimator {
 public:
  TableImputer(Traits traits, TableImputerState state)
      : Estimator(std::move(traits)), state_(std::move(state)) {}

  Status Run(Rows, const Outputs&, Scratch&) const override {
    return Fail(Code::kInvalidArgument,
                traits().name + ": the input is numbers; a table with strings was expected");
  }

  Result<Table> TransformTable(const Batch& batch, Scratch::Frame& frame) const override {
    const Table table = ToTable(batch, frame);
    auto* columns = frame.Take<Column>(traits().outputs);
    auto* to = columns;
    for (const Filling& filling : state_.fillings) {
      const Column& column = table.columns[filling.column];
      if (table.count > 0 && column.type() != filling.type) {
        const bool text = filling.type == ColumnType::kText;
        return Fail(Code::kInvalidArgument,
                    traits().name + ": column " + std::to_string(filling.column) + " holds " +
                        (text ? "numbers; strings" : "strings; numbers") + " were expected");
      }
      *to++ = Fill(filling, column, table.count, frame);
    }
    for (std::size_t marked : state_.marked) {
      auto* numbers = frame.Take<double>(table.count);
      for (std::size_t i = 0; i < table.count; ++i) {
        numbers[i] = state_.marker.Matches(table.columns[marked], i) ? 1 : 0;
      }
      *to++ = Column{.numbers = numbers};
    }
    return Table{{columns, traits().outputs}, table.count, table.first};
  }

 private:
  Column Fill(const Filling& filling, const Column& column, std::size_t n,
              Scratch::Frame& frame) const {
    if (filling.type == ColumnType::kText) {
      auto* texts = frame.Take<std::string_view>(n);
      for (std::size_t i = 0; i < n; ++i) {
        texts[i] = state_.marker.Matches(column, i) ? filling.text : column.text(i);
      }
      return Column{.texts = texts};
    }
    auto* numbers = frame.Take<double>(n);
    for (std::size_t i = 0; i < n; ++i) {
      numbers[i] = state_.marker.Matches(column, i) ? filling.number : column.number(i);
    }
    return Column{.numbers = numbers};
  }

  TableImputerState state_;
};

const Array* Statistics(const Fitted& fitted) {
  const Value* value = fitted.Find("statistics_");
  return value && value->Is(Kind::kArray) ? value->array : nullptr;
}

Filling ReadFilling(Fitted& fitted, std::size_t column, const Value& value) {
  Filling filling;
  filling.column = column;
  if (value.IsText()) {
    filling.type = ColumnType::kText;
    filling.text = value.text;
  } else {
    const Matrix number = fitted.ReadMatrix(value, "statistics_");
    if (!number.data.empty()) filling.number = number.data[0];
  }
  return filling;
}

}  // namespace

bool ImputesText(const Fitted& fitted) {
  const Array* statistics = Statistics(fitted);
  return statistics && statistics->dtype->kind == 'O' &&
         std::ranges::any_of(statistics->objects, &Value::IsText);
}

EstimatorPtr ReadTableImputer(Fitted& fitted) {
  const Array& statistics = *Statistics(fitted);
  const std::size_t inputs = fitted.Inputs(statistics.count);
  TableImputerState state;
  const Value* missing = fitted.Find("missing_values");
  if (missing && missing->IsText()) {
    state.marker.text = std::string(missing->text);
  } else {
    state.marker.number = ReadMarker(fitted);
  }
  Traits traits = fitted.MakeTraits(Role::kTransformer, inputs);
  traits.input_types.assign(inputs, ColumnType::kUnused);
  for (std::size_t j = 0; fitted.ok() && j < inputs; ++j) {
    const Value& value = *statistics.objects[j];
    if (IsMissingValue(value)) {  // a column without any value at fit() is dropped
      if (fitted.Flag("keep_empty_features", false)) {
        fitted.Fail("it keeps a column that had no value at fit(), whose type is not known");
      }
      continue;
    }
    state.fillings.push_back(ReadFilling(fitted, j, value));
    traits.input_types[j] = state.fillings.back().type;
    traits.output_types.push_back(state.fillings.back().type);
  }
  state.marked = ReadAddedIndicator(fitted, inputs);
  traits.output_types.resize(state.fillings.size() + state.marked.size(), ColumnType::kNumber);
  traits.outputs = traits.output_types.size();
  if (!fitted.ok()) return nullptr;
  for (std::size_t column : state.marked) {
    ColumnType& type = traits.input_types[column];
    if (type == ColumnType::kUnused) type = ColumnType::kAny;
  }
  return std::make_unique<TableImputer>(std::move(traits), std::move(state));
}

}  // namespace plinth::sklearn
