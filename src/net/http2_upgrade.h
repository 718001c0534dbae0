// How a connection tells that it is to go on in HTTP/2.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace plinth::net {

// What a client that knows that the server speaks HTTP/2 sends first (RFC 9113, 3.4). No method of
// HTTP/1.1 begins like that.
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class PrefaceMatch { kNone, kPartial, kWhole };

// What the first bytes of a connection are of the preface.
PrefaceMatch MatchHttp2Preface(std::string_view begun);

// The payload of the settings, if an HTTP/1.1 request asks to go on in HTTP/2 (RFC 7540, 3.2).
std::optional<std::string> Http2UpgradeSettings(const HttpRequest& request);

// The answer to such a request.
inline constexpr std::string_view kSwitchingToHttp2 =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";

}  // namespace plinth::net
