#include "api/openinference/raw.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace plinth::api::openinference {
namespace {

using Length = std::uint32_t;

// "for inference input 'x' for model 'm'"
std::string Of(std::string_view input, std::string_view model) {
  return " for inference input '" + std::string(input) + "' for model '" + std::string(model) + "'";
}

Length LengthAt(const std::byte* at) {
  Length length = 0;
  std::memcpy(&length, at, sizeof length);
  return length;
}

// How many bytes the strings have without their lengths. Checks that there are `count` of them.
Result<std::size_t> CheckStrings(const Buffer& raw, std::int64_t count, std::string_view input,
                                 std::string_view model) {
  const auto refuse = [&](const std::string& what, const std::string& expected) {
    return Fail(Code::kInvalidArgument, what + Of(input, model) + ", expecting " + expected);
  };
  std::size_t total = 0;
  std::int64_t seen = 0;
  for (std::size_t at = 0; at < raw.size(); ++seen) {
    if (seen == count) return Fail(CheckStringCount(count, count + 1, input, model).error());
    std::size_t rest = raw.size() - at;
    if (rest < sizeof(Length)) {
      return refuse("incomplete string length indicator",
                    "4 bytes but only " + std::to_string(rest) +
                        " bytes available. Please make sure the string length indicator is in one "
                        "buffer.");
    }
    const Length length = LengthAt(raw.data() + at);
    rest -= sizeof(Length);
    if (length > rest) {
      return refuse("incomplete string data", "string of length " + std::to_string(length) +
                                                  " but only " + std::to_string(rest) +
                                                  " bytes available");
    }
    total += length;
    at += sizeof(Length) + length;
  }
  if (auto enough = CheckStringCount(count, seen, input, model); !enough)
    return Fail(std::move(enough.error()));
  return total;
}

Result<Tensor> StringsOfRaw(const Shape& shape, std::int64_t count, const Buffer& raw,
                            std::string_view input, std::string_view model) {
  const auto total = CheckStrings(raw, count, input, model);
  if (!total) return Fail(total.error());
  const auto elements = static_cast<std::size_t>(count);
  Buffer offsets = Buffer::Allocate((elements + 1) * sizeof(std::uint64_t));
  Buffer strings = Buffer::Allocate(*total);
  auto* const ends = reinterpret_cast<std::uint64_t*>(offsets.mutable_data());
  ends[0] = 0;
  const std::byte* from = raw.data();
  for (std::size_t i = 0; i < elements; ++i) {
    const Length length = LengthAt(from);
    from += sizeof(Length);
    if (length > 0) std::memcpy(strings.mutable_data() + ends[i], from, length);
    from += length;
    ends[i + 1] = ends[i] + length;
  }
  return Tensor::FromStrings(shape, std::move(strings), std::move(offsets));
}

// Whoever fills a BOOL tensor writes only 0 and 1.
Status CheckBooleans(const Buffer& raw, std::string_view input, std::string_view model) {
  const auto wrong =
      std::ranges::find_if(raw.bytes(), [](std::byte b) { return b > std::byte{1}; });
  if (wrong == raw.bytes().end()) return {};
  return Fail(Code::kInvalidArgument, "byte " + std::to_string(wrong - raw.bytes().begin()) +
                                          " is " + std::to_string(std::to_integer<int>(*wrong)) +
                                          Of(input, model) + ", expecting 0 or 1, as it is BOOL");
}

}  // namespace

std::size_t RawSizeOf(const Tensor& tensor) {
  if (tensor.dtype() != DType::kBytes) return tensor.data().size();
  const auto offsets = tensor.offsets();
  return offsets.back() - offsets.front() + (offsets.size() - 1) * sizeof(Length);
}

Buffer RawOf(const Tensor& tensor) {
  if (tensor.dtype() != DType::kBytes) return tensor.data();
  Buffer raw = Buffer::Allocate(RawSizeOf(tensor));
  std::byte* to = raw.mutable_data();
  for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.element_count()); ++i) {
    const std::string_view text = tensor.string_at(i);
    const auto length = static_cast<Length>(text.size());
    std::memcpy(to, &length, sizeof length);
    if (length > 0) std::memcpy(to + sizeof length, text.data(), length);
    to += sizeof length + length;
  }
  return raw;
}

std::optional<std::size_t> BytesOf(DType type, std::int64_t elements) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(elements), SizeOf(type), &bytes))
    return std::nullopt;
  return bytes;
}

std::string SizeOverflow(std::string_view input, std::string_view model) {
  return "byte size overflow for input '" + std::string(input) + "' for model '" +
         std::string(model) + "'";
}

Result<Tensor> TensorOfRaw(DType type, const Shape& shape, Buffer raw, std::string_view input,
                           std::string_view model) {
  const auto count = shape.ElementCount();
  const auto bytes = count ? BytesOf(type, *count) : std::nullopt;
  if (!bytes) return Fail(Code::kInvalidArgument, SizeOverflow(input, model));
  if (type == DType::kBytes) return StringsOfRaw(shape, *count, raw, input, model);
  if (*bytes != raw.size()) {
    return Fail(Code::kInvalidArgument,
                "input byte size mismatch for input '" + std::string(input) + "' for model '" +
                    std::string(model) + "'. Expected " + std::to_string(*bytes) + ", got " +
                    std::to_string(raw.size()));
  }
  if (type == DType::kBool) {
    if (auto valid = CheckBooleans(raw, input, model); !valid)
      return Fail(std::move(valid.error()));
  }
  return Tensor::FromBuffer(type, shape, std::move(raw));
}

Status CheckStringCount(std::int64_t expected, std::int64_t got, std::string_view input,
                        std::string_view model) {
  if (got == expected) return {};
  if (got < expected) {
    return Fail(Code::kInvalidArgument, "expected " + std::to_string(expected) +
                                            " string elements" + Of(input, model) + ", got " +
                                            std::to_string(got));
  }
  return Fail(Code::kInvalidArgument, "unexpected number of string elements " +
                                          std::to_string(expected + 1) + Of(input, model) +
                                          ", expecting " + std::to_string(expected));
}

}  // namespace plinth::api::openinference
