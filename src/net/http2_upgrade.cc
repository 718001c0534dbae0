#include "net/http2_upgrade.h"

#include <algorithm>

#include "base/base64.h"
#include "net/header_text.h"

namespace plinth::net {

PrefaceMatch MatchHttp2Preface(std::string_view begun) {
  constexpr std::string_view kMethod = "PRI ";
  if (begun.starts_with(kHttp2Preface)) return PrefaceMatch::kWhole;
  const bool partial = begun.size() >= kMethod.size() && kHttp2Preface.starts_with(begun);
  return partial ? PrefaceMatch::kPartial : PrefaceMatch::kNone;
}

std::optional<std::string> Http2UpgradeSettings(const HttpRequest& request) {
  std::string text(request.Find("http2-settings"));
  if (text.empty() || !EqualsIgnoringCase(request.Find("upgrade"), "h2c")) return std::nullopt;
  // It comes in the alphabet for URLs (RFC 4648, section 5).
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  std::string settings(Base64DecodedBound(text.size()), '\0');
  const auto size = DecodeBase64(text, settings.data());
  if (!size) return std::nullopt;
  settings.resize(*size);
  return settings;
}

}  // namespace plinth::net
