// The opcodes that put a number or a text on the stack.
#include <bit>
#include <charconv>

#include "pickle/machine.h"
#include "pickle/text.h"

namespace plinth::sklearn {

bool Machine::PushNumber(Op op) {
  switch (op) {
    case Op::kInt:
      return PushTextInt(false);
    case Op::kLong:
      return PushTextInt(true);
    case Op::kBinInt1:
      return PushInt(stream_.TakeNumber(1));
    case Op::kBinInt2:
      return PushInt(stream_.TakeNumber(2));
    case Op::kBinInt: {
      const auto bits = stream_.TakeNumber(4);
      if (!bits) return Truncated();
      return Push(document_.NewInt(static_cast<std::int32_t>(static_cast<std::uint32_t>(*bits))));
    }
    case Op::kLong1:
      return PushLong(1);
    case Op::kLong4:
      return PushLong(4);
    case Op::kFloat:
      return PushTextFloat();
    case Op::kBinFloat: {
      const auto bits = stream_.TakeNumber(8);
      if (!bits) return Truncated();
      return Push(document_.NewFloat(std::bit_cast<double>(__builtin_bswap64(*bits))));
    }
    default:
      return PushText(op);
  }
}

bool Machine::PushTextInt(bool is_long) {
  auto line = stream_.TakeLine();
  if (!line) return Truncated();
  if (!is_long && (*line == "00" || *line == "01")) return Push(document_.Bool(*line == "01"));
  if (line->ends_with('L')) line->remove_suffix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), number);
  if (end != line->data() + line->size() || error == std::errc::invalid_argument) {
    return Broken("number");
  }
  if (error == std::errc::result_out_of_range) return Push(document_.New(Kind::kBigInt));
  return Push(document_.NewInt(number));
}

bool Machine::PushLong(std::size_t length_width) {
  const auto length = stream_.TakeNumber(length_width);
  if (!length) return Truncated();
  const auto bytes = stream_.Take(*length);
  if (!bytes) return Truncated();
  if (bytes->size() > 8) return Push(document_.New(Kind::kBigInt));
  std::uint64_t number = 0;
  for (std::size_t i = bytes->size(); i-- > 0;) {
    number = number << 8 | static_cast<unsigned char>((*bytes)[i]);
  }
  // The top bit of the last byte is the sign.
  const std::size_t unused = 64 - 8 * bytes->size();
  if (unused == 64) return Push(document_.NewInt(0));
  return Push(document_.NewInt(static_cast<std::int64_t>(number << unused) >> unused));
}

bool Machine::PushTextFloat() {
  const auto line = stream_.TakeLine();
  if (!line) return Truncated();
  double number = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), number);
  if (end != line->data() + line->size() || error != std::errc()) return Broken("number");
  return Push(document_.NewFloat(number));
}

bool Machine::PushSized(Kind kind, std::size_t length_width) {
  const auto length = stream_.TakeNumber(length_width);
  if (!length) return Truncated();
  const auto bytes = stream_.Take(*length);
  if (!bytes) return Truncated();
  return Push(document_.NewText(kind, *bytes));
}

bool Machine::PushOwned(Kind kind, std::optional<std::string> decoded) {
  if (!decoded) return Broken("text");
  const std::string_view kept = document_.KeepText(std::move(*decoded));
  return Push(kept.data() ? document_.NewText(kind, kept) : nullptr);
}

bool Machine::PushText(Op op) {
  switch (op) {
    case Op::kString: {
      const auto line = stream_.TakeLine();
      return line ? PushOwned(Kind::kString, DecodeStringLiteral(*line)) : Truncated();
    }
    case Op::kUnicode: {
      const auto line = stream_.TakeLine();
      return line ? PushOwned(Kind::kString, DecodeRawUnicodeEscape(*line)) : Truncated();
    }
    case Op::kShortBinString:
      return PushSized(Kind::kString, 1);
    case Op::kBinString:
      return PushSized(Kind::kString, 4);
    case Op::kShortBinUnicode:
      return PushSized(Kind::kString, 1);
    case Op::kBinUnicode:
      return PushSized(Kind::kString, 4);
    case Op::kBinUnicode8:
      return PushSized(Kind::kString, 8);
    case Op::kShortBinBytes:
      return PushSized(Kind::kBytes, 1);
    case Op::kBinBytes:
      return PushSized(Kind::kBytes, 4);
    case Op::kBinBytes8:
    case Op::kByteArray8:
      return PushSized(Kind::kBytes, 8);
    default:
      return PushContainer(op);
  }
}

}  // namespace plinth::sklearn
