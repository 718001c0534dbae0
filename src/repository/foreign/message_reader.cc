#include "repository/foreign/message_reader.h"

#include <fmt/format.h>

namespace plinth {

using text_proto::Field;

std::unexpected<Error> UnknownField(const Field& field, std::span<const std::string_view> known) {
  return Fail(Code::kInvalidArgument,
              text_proto::At(field.at, fmt::format("there is no field '{}'{}", field.name,
                                                   DidYouMean(field.name, known))));
}

std::unexpected<Error> RepeatedField(const Field& field) {
  return Fail(Code::kInvalidArgument,
              text_proto::At(field.at, fmt::format("'{}' is given twice", field.name)));
}

Result<MapEntry> ReadMapEntry(const Field& field) {
  if (auto message = field.Message(); !message) return Fail(std::move(message.error()));
  MapEntry entry;
  for (const Field& member : field.fields) {
    const bool key = member.name == "key";
    if (!key && member.name != "value") return UnknownField(member, {});
    const Field*& to = key ? entry.key : entry.value;
    if (to != nullptr) return RepeatedField(member);
    to = &member;
  }
  if (entry.key == nullptr || entry.value == nullptr) {
    return Fail(Code::kInvalidArgument,
                text_proto::At(
                    field.at, fmt::format("an entry of '{}' needs a key and a value", field.name)));
  }
  return entry;
}

}  // namespace plinth
