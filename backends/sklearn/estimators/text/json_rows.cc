#include "estimators/text/json_rows.h"

namespace plinth::sklearn {

simdjson::dom::parser& JsonRows::ParserOfThread() {
  static thread_local simdjson::dom::parser parser;
  return parser;
}

Result<simdjson::dom::element> JsonRows::Read(std::size_t i) {
  const Table* table = batch_.table();
  const bool is_text = table != nullptr && table->columns[0].type() == ColumnType::kText;
  simdjson::dom::element element;
  if (is_text && !IsMissing(table->columns[0].text(i))) {
    const std::string_view text = table->columns[0].text(i);
    if (parser_.parse(text.data(), text.size()).get(element) == simdjson::SUCCESS) return element;
  }
  return Refuse(i, "JSON");
}

std::unexpected<Error> JsonRows::Refuse(std::size_t i, std::string_view expected) const {
  return Fail(Code::kInvalidArgument, std::string(reader_) + ": row " +
                                          std::to_string(batch_.first() + i) + " is not " +
                                          std::string(expected) + ", which was expected");
}

std::optional<double> NumberOf(simdjson::dom::element element) {
  double number = 0;
  if (element.get(number) == simdjson::SUCCESS) return number;
  bool flag = false;
  if (element.get(flag) == simdjson::SUCCESS) return flag ? 1.0 : 0.0;
  return std::nullopt;
}

}  // namespace plinth::sklearn
