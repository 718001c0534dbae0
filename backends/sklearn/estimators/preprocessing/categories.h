// The categories that an encoder saw in one column, and which of them a cell is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

class Categories {
 public:
  static constexpr std::int32_t kUnknown = -1;

  Categories() = default;
  Categories(Categories&&) = default;  // not copied: the index refers to the texts
  Categories& operator=(Categories&&) = default;

  // Reads an array of numbers or of strings, with None or NaN among them; fails in `fitted` for
  // anything else.
  static Categories Read(Fitted& fitted, const Value& value, std::string_view name);

  // Of strings or numbers that have been read, none of them missing.
  static Categories Of(Fitted& fitted, std::vector<std::string> texts);
  static Categories Of(Fitted& fitted, const std::vector<double>& numbers);

  std::size_t size() const { return size_; }
  ColumnType type() const { return type_; }
  // The index of the missing value; kUnknown if it is none of the categories.
  std::int32_t missing() const { return missing_; }

  // The index of a cell among the categories.
  std::int32_t Find(double number) const;
  std::int32_t Find(std::string_view text) const;

 private:
  void ReadObjects(Fitted& fitted, const Array& array, std::string_view name);
  void AddMissing(Fitted& fitted, std::size_t index);
  void IndexNumbers(const std::vector<double>& numbers, Fitted& fitted);
  void IndexTexts(Fitted& fitted);

  ColumnType type_ = ColumnType::kNumber;
  std::size_t size_ = 0;
  std::int32_t missing_ = kUnknown;
  std::vector<std::pair<double, std::int32_t>> numbers_;           // sorted by number
  std::vector<std::string> texts_;                                 // by index
  std::unordered_map<std::string_view, std::int32_t> text_index_;  // into texts_
};

// The categories of all columns of an encoder, and the indices of a batch's cells.
class CategoryColumns {
 public:
  // Reads the list `name`, which has an array for each column.
  static CategoryColumns Read(Fitted& fitted, std::string_view name = "categories_");

  std::size_t size() const { return columns_.size(); }
  const Categories& operator[](std::size_t j) const { return columns_[j]; }
  std::vector<ColumnType> types() const;

  // indices[j * n + i] becomes that of row i in column j, of a batch of n rows. INVALID_ARGUMENT if
  // a column has strings where numbers were expected, or the other way round.
  Status Find(const Table& table, std::int32_t* indices) const;

 private:
  std::vector<Categories> columns_;
};

// Infrequent categories of an encoder are one category. For a column, the code of each category;
// empty where each category is its own code. `codes`: how many codes there are.
struct Grouping {
  std::vector<std::int32_t> code_of;
  std::size_t codes = 0;
  std::int32_t infrequent = Categories::kUnknown;  // the code of infrequent ones, if there are any

  std::int32_t Code(std::size_t category) const {
    return code_of.empty() ? static_cast<std::int32_t>(category) : code_of[category];
  }
};
std::vector<Grouping> ReadGroupings(Fitted& fitted, const CategoryColumns& columns);

// The error for a category that was not seen at fit().
Status UnknownCategory(
    const std::string& encoder, const Table& table, std::size_t row, std::size_t column,
    std::string_view advice = "; set handle_unknown at fit() to let such values through");

}  // namespace plinth::sklearn
