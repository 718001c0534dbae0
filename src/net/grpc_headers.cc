#include "net/grpc_headers.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>

namespace plinth::net {

bool IsGrpcContentType(std::string_view content_type) {
  constexpr std::string_view kType = "application/grpc";
  if (!content_type.starts_with(kType)) return false;
  std::string_view rest = content_type.substr(kType.size());
  if (rest.starts_with("+proto")) rest.remove_prefix(std::string_view("+proto").size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ';
}

std::optional<std::chrono::nanoseconds> ParseGrpcTimeout(std::string_view text) {
  constexpr std::size_t kMostDigits = 8;
  if (text.size() < 2 || text.size() > kMostDigits + 1) return std::nullopt;
  std::int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto parsed = std::from_chars(text.data(), end, count);
  if (parsed.ec != std::errc() || parsed.ptr != end || count < 0) return std::nullopt;
  switch (*end) {
    case 'H':
      // No clock needs more, and eight digits of hours would not fit.
      return std::chrono::hours(std::min<std::int64_t>(count, 1'000'000));
    case 'M':
      return std::chrono::minutes(std::min<std::int64_t>(count, 60'000'000));
    case 'S':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::milliseconds(count);
    case 'u':
      return std::chrono::microseconds(count);
    case 'n':
      return std::chrono::nanoseconds(count);
    default:
      return std::nullopt;
  }
}

std::string EncodeGrpcMessage(std::string_view message) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  constexpr std::string_view kCut = "...";
  std::string encoded;
  encoded.reserve(std::min(message.size(), kMostGrpcMessage));
  for (const char c : message) {
    if (encoded.size() + kCut.size() > kMostGrpcMessage) return encoded.append(kCut);
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

std::string_view GrpcStatusText(int code) {
  constexpr std::string_view kTexts[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                         "9", "10", "11", "12", "13", "14", "15", "16"};
  constexpr int kUnknown = 2;
  const bool known = code >= 0 && code < static_cast<int>(std::size(kTexts));
  return kTexts[known ? code : kUnknown];
}

}  // namespace plinth::net
