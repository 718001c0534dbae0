#include "boosting/category_names.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "boosting/lightgbm/text.h"

namespace plinth::sklearn {
namespace {

// The value of the last line of that key in the text; empty if there is none.
std::string_view LastLine(std::string_view text, std::string_view key, std::string_view end) {
  const std::size_t at = text.rfind(key);
  if (at == std::string_view::npos || (at > 0 && text[at - 1] != '\n')) return {};
  text.remove_prefix(at + key.size());
  return text.substr(0, text.find_first_of(end));
}

// "0,2" as numbers, rising; empty for anything else.
std::vector<std::size_t> ColumnsIn(std::string_view list) {
  std::vector<std::size_t> columns;
  while (!list.empty()) {
    std::string_view piece = lightgbm::TakeUpTo(list, ',');
    while (piece.starts_with(' ')) piece.remove_prefix(1);
    std::size_t column = 0;
    const auto [rest, failed] = std::from_chars(piece.data(), piece.data() + piece.size(), column);
    if (failed != std::errc() || rest != piece.data() + piece.size()) return {};
    columns.push_back(column);
  }
  std::ranges::sort(columns);
  return columns;
}

// XGBoost's strings: their bytes one behind the other, which may be written with signs, and where
// each begins and the last ends. Empty where some are not ASCII: XGBoost counts characters then,
// and what it writes is cut off.
Json TextsOf(JsonFields strings) {
  const std::vector<std::int32_t> offsets = strings.Ints("offsets");
  const std::vector<std::int32_t> bytes = strings.Ints("values");
  Json texts;
  texts.type = Json::Type::kArray;
  if (std::ranges::any_of(bytes, [](std::int32_t byte) { return byte < 0 || byte > 127; }))
    return texts;
  for (std::size_t i = 0; i + 1 < offsets.size() && strings.fitted().ok(); ++i) {
    if (offsets[i] < 0 || offsets[i] > offsets[i + 1] ||
        static_cast<std::size_t>(offsets[i + 1]) > bytes.size()) {
      strings.fitted().Fail("the names of its categories are not where they are said to be");
      break;
    }
    Json name;
    name.type = Json::Type::kText;
    for (std::int32_t at = offsets[i]; at < offsets[i + 1]; ++at)
      name.text.push_back(static_cast<char>(bytes[static_cast<std::size_t>(at)]));
    if (!texts.Append(std::move(name), strings.fitted().limits()))
      strings.fitted().Fail("it has too many names of categories");
  }
  return texts;
}

// An estimator behind its names.
class NamedModel final : public BatchEstimator {
 public:
  NamedModel(Traits traits, EstimatorPtr model, CategoryNames names, bool must_know)
      : BatchEstimator(std::move(traits)),
        model_(std::move(model)),
        names_(std::move(names)),
        must_know_(must_know) {}

  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override {
    Scratch::Frame frame(scratch);
    const auto rows = names_.Encode(batch, must_know_, traits().name, frame);
    return rows ? model_->Run(*rows, out, scratch) : Fail(rows.error());
  }

 private:
  const EstimatorPtr model_;
  const CategoryNames names_;
  const bool must_know_;
};

}  // namespace

void CategoryNames::Add(Fitted& fitted, std::size_t column, std::size_t width, const Json& names) {
  if (column >= width) return fitted.Fail("it has categories of a column that is not there");
  if (!names.Is(Json::Type::kArray)) {
    return fitted.Fail("the categories of a column are no list");
  }
  if (names.items.empty()) {
    columns_.push_back({column, Categories::Of(fitted, names.numbers)});
    return;
  }
  std::vector<std::string> texts;
  for (const Json& name : names.items) {
    if (!name.Is(Json::Type::kText)) {
      return fitted.Fail("the categories of column " + std::to_string(column) +
                         " are neither all strings nor all numbers; train it with categories of "
                         "one type");
    }
    texts.push_back(name.text);
  }
  columns_.push_back({column, Categories::Of(fitted, std::move(texts))});
}

CategoryNames CategoryNames::OfLightgbm(Fitted& fitted, std::string_view text, std::size_t width) {
  CategoryNames names;
  const std::string_view written = LastLine(text, "pandas_categorical:", "\r\n");
  if (written.empty() || written == "null") return names;
  const auto lists = ParseJson(written, fitted.limits());
  if (!lists || !lists->Is(Json::Type::kArray)) {
    fitted.Fail("its pandas_categorical is no list of lists of categories");
    return names;
  }
  const auto columns = ColumnsIn(LastLine(text, "[categorical_feature: ", "]\r\n"));
  if (columns.size() != lists->items.size()) return names;
  for (std::size_t i = 0; i < columns.size() && fitted.ok(); ++i)
    names.Add(fitted, columns[i], width, lists->items[i]);
  return names;
}

CategoryNames CategoryNames::OfXgboost(JsonFields model, std::size_t width) {
  CategoryNames names;
  if (!model.Has("cats")) return names;
  const Json& columns = model.Object("cats").Require("enc", Json::Type::kArray);
  for (std::size_t i = 0; i < columns.items.size() && model.fitted().ok(); ++i) {
    JsonFields column(model.fitted(), columns.items[i]);
    const bool texts = column.Has("offsets");
    const Json list = texts ? TextsOf(column) : column.Require("values", Json::Type::kArray);
    if (!list.items.empty() || !list.numbers.empty()) names.Add(model.fitted(), i, width, list);
  }
  return names;
}

std::vector<ColumnType> CategoryNames::Types(std::size_t width) const {
  std::vector<ColumnType> types(width, ColumnType::kNumber);
  for (const Named& named : columns_) types[named.column] = named.categories.type();
  return types;
}

Result<Rows> CategoryNames::Encode(const Batch& batch, bool must_know, const std::string& title,
                                   Scratch::Frame& frame) const {
  const Table table = ToTable(batch, frame);
  const std::size_t width = table.columns.size();
  auto* encoded = frame.Take<double>(table.count * width);
  auto named = columns_.begin();
  for (std::size_t j = 0; j < width; ++j) {
    const Column& column = table.columns[j];
    const bool has_names = named != columns_.end() && named->column == j;
    if (!has_names) {
      for (std::size_t i = 0; i < table.count; ++i) encoded[i * width + j] = column.number(i);
      continue;
    }
    const Categories& categories = (named++)->categories;
    for (std::size_t i = 0; i < table.count; ++i) {
      const bool text = column.texts != nullptr;
      const bool missing = text ? IsMissing(column.text(i)) : std::isnan(column.number(i));
      const std::int32_t index =
          text ? categories.Find(column.text(i)) : categories.Find(column.number(i));
      if (index == Categories::kUnknown && !missing && must_know)
        return Fail(UnknownCategory(title, table, i, j, "").error());
      encoded[i * width + j] = index == Categories::kUnknown
                                   ? std::numeric_limits<double>::quiet_NaN()
                                   : static_cast<double>(index);
    }
  }
  return Rows{encoded, table.count, width, table.first};
}

EstimatorPtr TakeNames(EstimatorPtr model, CategoryNames names, bool must_know) {
  if (names.empty()) return model;
  Traits traits = model->traits();
  traits.input_types = names.Types(traits.inputs);
  traits.widest = std::max(traits.widest, traits.inputs);
  traits.takes_sparse = false;
  return std::make_unique<NamedModel>(std::move(traits), std::move(model), std::move(names),
                                      must_know);
}

}  // namespace plinth::sklearn
