// Reading protobuf messages with protozero: its exceptions stop here, and a field of another type
// than expected is skipped as an unknown one, so that hostile bytes are at worst an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include "base/status.h"

namespace plinth::api::protobuf {

using Reader = protozero::pbf_reader;

// A field by its number and how its value is written.
constexpr std::uint32_t Varint(std::uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::varint);
}
constexpr std::uint32_t Fixed32(std::uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::fixed32);
}
constexpr std::uint32_t Fixed64(std::uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::fixed64);
}
// Strings, bytes, messages, and packed repeated numbers.
constexpr std::uint32_t Bytes(std::uint32_t number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::length_delimited);
}

inline std::string_view ViewOf(Reader& reader) {
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

// Instead of get_bool(), which looks at its byte before it knows that there is one.
inline bool TruthOf(Reader& reader) { return reader.get_uint64() != 0; }

// Calls `read(reader, field)` for every field, which is one of the above; it takes the value and
// gives true, or gives false for a field that it does not know. Throws protozero's exceptions.
template <typename Read>
void ForEachField(std::string_view message, Read read) {
  Reader reader(message.data(), message.size());
  while (reader.next()) {
    if (!read(reader, reader.tag_and_type())) reader.skip();
  }
}

// An entry of a map whose keys are strings and whose values are messages.
struct MapEntry {
  std::string_view key;
  std::string_view value;
};

inline MapEntry ReadMapEntry(std::string_view message) {
  MapEntry entry;
  ForEachField(message, [&](Reader& reader, std::uint32_t field) {
    if (field != Bytes(1) && field != Bytes(2)) return false;
    (field == Bytes(1) ? entry.key : entry.value) = ViewOf(reader);
    return true;
  });
  return entry;
}

// What `decode` gives, a Result or a Status; INVALID_ARGUMENT if the bytes that it reads are no
// message. `what` they are: "a ModelInferRequest".
template <typename Decode>
auto Guarded(std::string_view what, Decode decode) -> decltype(decode()) {
  try {
    return decode();
  } catch (const protozero::exception&) {
    return Fail(Code::kInvalidArgument,
                "the message is not " + std::string(what) + ": its protobuf encoding is broken");
  }
}

}  // namespace plinth::api::protobuf
