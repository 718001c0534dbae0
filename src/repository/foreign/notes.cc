#include "repository/foreign/notes.h"

#include <fmt/format.h>

namespace plinth {

std::string Notes::Where(text_proto::Position at) const {
  return at.line == 0 ? file_ : fmt::format("{}:{}", file_, at.line);
}

void Notes::Warn(const text_proto::Field& field, std::string_view why) {
  warnings.push_back(fmt::format("{}: '{}' {}", Where(field.at), field.name, why));
}

void Notes::From(std::string_view key, const text_proto::Field& field) {
  origins[std::string(key)] = Where(field.at);
}

Error Notes::In(const Error& error) const { return {error.code, file_ + ":" + error.message}; }

}  // namespace plinth
