#include "api/http/dispatch.h"

#include <utility>

namespace plinth::api {
namespace {

bool Has(const Protocol& protocol, std::string_view path) {
  if (protocol.prefix.empty()) return true;
  if (!path.starts_with(protocol.prefix)) return false;
  path.remove_prefix(protocol.prefix.size());
  return path.empty() || path.front() == '/';
}

}  // namespace

net::HttpHandler Dispatch(std::vector<Protocol> protocols) {
  return [protocols = std::move(protocols)](net::HttpRequest request, net::Responder responder) {
    for (const Protocol& protocol : protocols) {
      if (Has(protocol, request.path))
        return protocol.handler(std::move(request), std::move(responder));
    }
  };
}

net::RefusalWriter DispatchRefusals(std::vector<Protocol> protocols) {
  return [protocols = std::move(protocols)](std::string_view path, const Error& error) {
    for (const Protocol& protocol : protocols) {
      if (Has(protocol, path)) return protocol.write_error(error);
    }
    return net::HttpResponse::FromError(error);
  };
}

}  // namespace plinth::api
