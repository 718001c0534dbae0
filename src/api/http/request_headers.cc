#include "api/http/request_headers.h"

#include <string>
#include <utility>

#include "api/http/header_lists.h"
#include "net/header_text.h"

namespace plinth::api {
namespace {

using net::EqualsIgnoringCase;

constexpr std::string_view kRaw = "application/octet-stream";
constexpr std::string_view kJson = "application/json";

std::unexpected<Error> UnknownType(std::string_view type, std::string_view expected) {
  return Fail(Code::kUnsupportedMedia, "Content-Type '" + std::string(type) +
                                           "' is not understood; send " + std::string(expected));
}

std::string_view ContentType(const net::HttpRequest& request) {
  std::string_view rest = request.Find("Content-Type");
  return TakePart(rest, ';');
}

Status CheckPresence(const net::HttpRequest& request) {
  if (!request.has_body) {
    return Fail(Code::kLengthRequired, "the request has no body; send one with a Content-Length");
  }
  const auto encoding = request.Find("Content-Encoding");
  if (encoding.empty() || EqualsIgnoringCase(encoding, "identity")) return {};
  return Fail(Code::kUnsupportedMedia, "Content-Encoding '" + std::string(encoding) +
                                           "' is not understood; send the body uncompressed");
}

// curl sends "application/x-www-form-urlencoded" with -d unless told otherwise; what a newcomer's
// curl sends is taken.
bool MayBeJson(std::string_view type) {
  return type.empty() || EqualsIgnoringCase(type, kJson) ||
         EqualsIgnoringCase(type, "application/x-www-form-urlencoded");
}

}  // namespace

Result<BodyKind> KindOfBody(const net::HttpRequest& request) {
  if (auto present = CheckPresence(request); !present) return Fail(std::move(present.error()));
  const std::string_view type = ContentType(request);
  if (MayBeJson(type)) return BodyKind::kJson;
  if (EqualsIgnoringCase(type, kRaw)) return BodyKind::kRaw;
  return UnknownType(type, "application/json or application/octet-stream");
}

Status RequireJson(const net::HttpRequest& request) {
  if (auto present = CheckPresence(request); !present) return present;
  const std::string_view type = ContentType(request);
  if (MayBeJson(type)) return {};
  return UnknownType(type, kJson);
}

Result<std::string_view> SmallJsonBody(const net::HttpRequest& request, std::string_view what) {
  constexpr std::size_t kMost = std::size_t{1024} * 1024;
  if (auto json = RequireJson(request); !json) return Fail(std::move(json.error()));
  if (request.body.size() > kMost) {
    return Fail(Code::kPayloadTooLarge, "the body has " + std::to_string(request.body.size()) +
                                            " bytes; " + std::string(what) + " is at most " +
                                            std::to_string(kMost));
  }
  return std::string_view(request.body.As<char>(), request.body.size());
}

bool WantsRaw(const net::HttpRequest& request) {
  double raw = 0;
  double json = 0;
  ForEachElement(request, "Accept", [&](std::string_view element) {
    const std::string_view type = TakePart(element, ';');
    if (EqualsIgnoringCase(type, kRaw)) raw = WeightOf(element);
    if (EqualsIgnoringCase(type, kJson)) json = WeightOf(element);
  });
  return raw > json;
}

bool WantsEvents(const net::HttpRequest& request) {
  bool wanted = false;
  ForEachElement(request, "Accept", [&](std::string_view element) {
    wanted |= EqualsIgnoringCase(TakePart(element, ';'), "text/event-stream");
  });
  return wanted;
}

bool BypassesCache(const net::HttpRequest& request) {
  bool bypass = false;
  ForEachElement(request, "Cache-Control", [&](std::string_view element) {
    bypass |= EqualsIgnoringCase(element, "no-cache") || EqualsIgnoringCase(element, "no-store");
  });
  return bypass;
}

}  // namespace plinth::api
