#include "api/openinference/grpc/typed_contents.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "api/protobuf/reader.h"

namespace plinth::api::openinference {
namespace {

using protobuf::Bytes;
using protobuf::Fixed32;
using protobuf::Fixed64;
using protobuf::ForEachField;
using protobuf::Reader;
using protobuf::Varint;
using protobuf::ViewOf;

constexpr std::string_view kFields[] = {"",
                                        "bool_contents",
                                        "int_contents",
                                        "int64_contents",
                                        "uint_contents",
                                        "uint64_contents",
                                        "fp32_contents",
                                        "fp64_contents",
                                        "bytes_contents"};
constexpr std::uint32_t kFp32 = 6;
constexpr std::uint32_t kFp64 = 7;
constexpr std::uint32_t kBytes = 8;

// 0 for the types that have none.
std::uint32_t FieldOf(DType type) {
  switch (type) {
    case DType::kBool:
      return 1;
    case DType::kInt8:
    case DType::kInt16:
    case DType::kInt32:
      return 2;
    case DType::kInt64:
      return 3;
    case DType::kUint8:
    case DType::kUint16:
    case DType::kUint32:
      return 4;
    case DType::kUint64:
      return 5;
    case DType::kFp32:
      return kFp32;
    case DType::kFp64:
      return kFp64;
    case DType::kBytes:
      return kBytes;
    default:
      return 0;
  }
}

// Of whole numbers the low bytes count: small ones travel in wider fields.
void AppendNumber(std::string& raw, std::uint64_t number, std::size_t size) {
  raw.append(reinterpret_cast<const char*>(&number), size);
}

std::uint64_t NextVarint(const char** at, const char* end, DType type) {
  const std::uint64_t number = protozero::decode_varint(at, end);
  return type == DType::kBool ? std::uint64_t{number != 0} : number;
}

void AppendVarints(std::string& raw, std::string_view packed, DType type) {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  while (at != end) AppendNumber(raw, NextVarint(&at, end, type), SizeOf(type));
}

void AppendString(std::string& raw, std::string_view text) {
  // No message is larger than what 32 bits can tell.
  AppendNumber(raw, text.size(), sizeof(std::uint32_t));
  raw.append(text);
}

// Takes one field, or all of a packed one. False if it is not of the type's own field.
bool Take(Reader& reader, std::uint32_t field, std::uint32_t own, DType type, std::string& raw) {
  if (own == kBytes && field == Bytes(own)) {
    AppendString(raw, ViewOf(reader));
  } else if (own == kFp32 && field == Fixed32(own)) {
    AppendNumber(raw, reader.get_fixed32(), sizeof(float));
  } else if (own == kFp64 && field == Fixed64(own)) {
    AppendNumber(raw, reader.get_fixed64(), sizeof(double));
  } else if ((own == kFp32 || own == kFp64) && field == Bytes(own)) {
    raw.append(ViewOf(reader));
  } else if (own < kFp32 && field == Bytes(own)) {
    AppendVarints(raw, ViewOf(reader), type);
  } else if (own < kFp32 && field == Varint(own)) {
    const std::uint64_t number = reader.get_uint64();
    AppendNumber(raw, type == DType::kBool ? std::uint64_t{number != 0} : number, SizeOf(type));
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<Buffer> RawOfContents(const Buffer& message, std::string_view contents, DType type,
                             std::string_view input, std::string_view model) {
  const std::uint32_t own = FieldOf(type);
  std::uint32_t other = 0;
  std::size_t parts = 0;
  std::string_view only;  // the one packed field
  ForEachField(contents, [&](Reader& reader, std::uint32_t field) {
    const std::uint32_t number = reader.tag();
    if (number >= std::size(kFields)) return false;
    if (number != own) {
      other = number;
      return false;
    }
    ++parts;
    if (field != Bytes(own)) return false;
    only = ViewOf(reader);
    return true;
  });
  if (other != 0 || own == 0) {
    std::string message_text = "input '" + std::string(input) + "' for model '" +
                               std::string(model) + "' is " + std::string(NameOf(type)) +
                               " and takes " +
                               (own == 0 ? "raw_input_contents" : std::string(kFields[own]));
    if (other != 0) message_text += ", not " + std::string(kFields[other]);
    return Fail(Code::kInvalidArgument, std::move(message_text));
  }
  if (parts == 1 && (own == kFp32 || own == kFp64)) {
    const auto offset = static_cast<std::size_t>(only.data() - message.As<char>());
    if (only.data() != nullptr) return message.Slice(offset, only.size());
  }
  std::string raw;
  ForEachField(contents, [&](Reader& reader, std::uint32_t field) {
    return Take(reader, field, own, type, raw);
  });
  return Buffer::FromString(std::move(raw));
}

}  // namespace plinth::api::openinference
