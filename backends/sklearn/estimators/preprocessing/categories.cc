#include "estimators/preprocessing/categories.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pickle/array.h"

namespace plinth::sklearn {
namespace {

bool IsNaN(const Value& value) { return value.Is(Kind::kFloat) && std::isnan(value.real); }

}  // namespace

Categories Categories::Read(Fitted& fitted, const Value& value, std::string_view name) {
  Categories categories;
  const Array* array = value.Is(Kind::kArray) ? value.array : nullptr;
  if (array == nullptr || array->shape.size() != 1 || array->count > ReadLimits::kMaxColumns ||
      !fitted.limits().Charge(array->count * (sizeof(std::string) + 4 * sizeof(double)))) {
    fitted.FailFor(name, "holds " + Describe(value) + "; an array of categories was expected");
    return categories;
  }
  categories.size_ = array->count;
  const char kind = array->dtype->kind;
  if (kind == 'O') {
    categories.ReadObjects(fitted, *array, name);
  } else if (kind == 'U' || kind == 'S') {
    categories.type_ = ColumnType::kText;
    auto texts = ToStrings(*array);
    if (!texts) fitted.FailFor(name, "cannot be read: " + texts.error().message);
    if (texts) categories.texts_ = std::move(*texts);
    categories.IndexTexts(fitted);
  } else {
    auto numbers = ToDoubles(*array);
    if (!numbers) fitted.FailFor(name, "cannot be read: " + numbers.error().message);
    if (numbers) categories.IndexNumbers(*numbers, fitted);
  }
  return categories;
}

Categories Categories::Of(Fitted& fitted, std::vector<std::string> texts) {
  Categories categories;
  categories.type_ = ColumnType::kText;
  categories.size_ = texts.size();
  categories.texts_ = std::move(texts);
  categories.IndexTexts(fitted);
  return categories;
}

Categories Categories::Of(Fitted& fitted, const std::vector<double>& numbers) {
  Categories categories;
  categories.size_ = numbers.size();
  categories.IndexNumbers(numbers, fitted);
  return categories;
}

void Categories::ReadObjects(Fitted& fitted, const Array& array, std::string_view name) {
  const bool texts = std::ranges::any_of(array.objects, &Value::IsText);
  type_ = texts ? ColumnType::kText : ColumnType::kNumber;
  std::vector<double> numbers;
  for (std::size_t i = 0; i < array.count; ++i) {
    const Value& value = *array.objects[i];
    const bool missing = value.IsNone() || IsNaN(value);
    const bool number = value.Is(Kind::kInt) || value.Is(Kind::kBool) || value.Is(Kind::kFloat);
    if (!missing && (texts ? !value.IsText() : !number)) {
      return fitted.FailFor(name, "has " + Describe(value) +
                                      " among its categories; strings or numbers were expected, "
                                      "not both in one column");
    }
    if (missing) AddMissing(fitted, i);
    if (texts) {
      texts_.emplace_back(missing ? std::string_view() : value.text);
    } else {
      numbers.push_back(missing                  ? std::nan("")
                        : value.Is(Kind::kFloat) ? value.real
                                                 : static_cast<double>(value.integer));
    }
  }
  texts ? IndexTexts(fitted) : IndexNumbers(numbers, fitted);
}

void Categories::AddMissing(Fitted& fitted, std::size_t index) {
  if (missing_ != kUnknown) {
    fitted.Fail(
        "it knows None and NaN as two categories, which requests cannot tell apart; use one of "
        "them for missing values");
  }
  missing_ = static_cast<std::int32_t>(index);
}

void Categories::IndexNumbers(const std::vector<double>& numbers, Fitted& fitted) {
  constexpr double kLargestExact = 9007199254740992.0;  // 2^53
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (std::isnan(numbers[i])) {
      missing_ = static_cast<std::int32_t>(i);
      continue;
    }
    if (std::abs(numbers[i]) > kLargestExact && std::isfinite(numbers[i])) {
      fitted.Fail("it has a category beyond 2^53, which float64 cannot tell from its neighbours");
    }
    numbers_.emplace_back(numbers[i], static_cast<std::int32_t>(i));
  }
  std::ranges::sort(numbers_);
}

void Categories::IndexTexts(Fitted& fitted) {
  for (std::size_t i = 0; i < texts_.size() && fitted.ok(); ++i) {
    if (static_cast<std::int32_t>(i) == missing_) continue;
    text_index_.emplace(texts_[i], static_cast<std::int32_t>(i));
  }
}

std::int32_t Categories::Find(double number) const {
  if (std::isnan(number)) return missing_;
  const auto found =
      std::ranges::lower_bound(numbers_, number, {}, &std::pair<double, std::int32_t>::first);
  return found != numbers_.end() && found->first == number ? found->second : kUnknown;
}

std::int32_t Categories::Find(std::string_view text) const {
  if (IsMissing(text)) return missing_;
  const auto found = text_index_.find(text);
  return found != text_index_.end() ? found->second : kUnknown;
}

CategoryColumns CategoryColumns::Read(Fitted& fitted, std::string_view name) {
  CategoryColumns all;
  const Value* list = fitted.Require(name);
  if (list == nullptr) return all;
  if (!list->IsSequence()) {
    fitted.FailFor(name, "is " + Describe(*list) + "; a list of arrays was expected");
    return all;
  }
  for (const Value* value : list->items) {
    all.columns_.push_back(Categories::Read(fitted, *value, name));
    if (!fitted.ok()) return {};
  }
  return all;
}

std::vector<ColumnType> CategoryColumns::types() const {
  std::vector<ColumnType> types;
  for (const Categories& column : columns_) types.push_back(column.type());
  return types;
}

Status CategoryColumns::Find(const Table& table, std::int32_t* indices) const {
  for (std::size_t j = 0; j < columns_.size(); ++j, indices += table.count) {
    const Column& column = table.columns[j];
    const Categories& categories = columns_[j];
    if (table.count > 0 && column.type() != categories.type()) {
      const bool texts = categories.type() == ColumnType::kText;
      return Fail(Code::kInvalidArgument, "column " + std::to_string(j) + " holds " +
                                              (texts ? "numbers; strings" : "strings; numbers") +
                                              " were expected");
    }
    for (std::size_t i = 0; i < table.count; ++i) {
      indices[i] =
          column.texts ? categories.Find(column.text(i)) : categories.Find(column.number(i));
    }
  }
  return {};
}

// _default_to_infrequent_mappings: None, or a list of None or arrays, each with the code of every
// category of its column.
std::vector<Grouping> ReadGroupings(Fitted& fitted, const CategoryColumns& columns) {
  std::vector<Grouping> groupings(columns.size());
  for (std::size_t j = 0; j < columns.size(); ++j) groupings[j].codes = columns[j].size();
  const bool grouped = fitted.Flag("_infrequent_enabled", false);
  const Value* mappings = grouped ? fitted.Require("_default_to_infrequent_mappings") : nullptr;
  if (mappings == nullptr || mappings->IsNone()) return groupings;
  if (!mappings->IsSequence() || mappings->items.size() != columns.size()) {
    fitted.FailFor("_default_to_infrequent_mappings", "does not have an entry for each column");
    return groupings;
  }
  for (std::size_t j = 0; j < columns.size(); ++j) {
    if (mappings->items[j]->IsNone()) continue;
    // The infrequent categories are grouped behind all others.
    Grouping& grouping = groupings[j];
    const Matrix codes = fitted.ReadMatrix(*mappings->items[j], "_default_to_infrequent_mappings");
    grouping.codes = 0;
    for (double code : codes.data) {
      if (!(code >= 0 && code < static_cast<double>(columns[j].size()))) {
        fitted.FailFor("_default_to_infrequent_mappings", "has a code that is out of range");
        return groupings;
      }
      grouping.code_of.push_back(static_cast<std::int32_t>(code));
      grouping.codes = std::max(grouping.codes, static_cast<std::size_t>(code) + 1);
    }
    grouping.infrequent = static_cast<std::int32_t>(grouping.codes) - 1;
    if (grouping.code_of.size() != columns[j].size()) {
      fitted.FailFor("_default_to_infrequent_mappings", "does not have a code for each category");
    }
  }
  return groupings;
}

Status UnknownCategory(const std::string& encoder, const Table& table, std::size_t row,
                       std::size_t column, std::string_view advice) {
  constexpr std::size_t kShown = 64;
  const Column& cells = table.columns[column];
  std::string shown;
  if (cells.texts == nullptr) {
    shown = std::to_string(cells.number(row));
  } else if (IsMissing(cells.text(row))) {
    shown = "a missing value";
  } else {
    shown.append("'").append(cells.text(row).substr(0, kShown)).append("'");
  }
  return Fail(Code::kInvalidArgument,
              encoder + ": found " + shown + " in column " + std::to_string(column) + " (row " +
                  std::to_string(table.first + row) + "), a category that was not seen at fit()" +
                  std::string(advice));
}

}  // namespace plinth::sklearn
