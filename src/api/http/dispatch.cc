#include "api/http/dispatch.h"

#include <utility>

namespace plinth::api {
namespace {

bool Has(const Protocol& protocol, std::string_view path) {
  if (!path.starts_with(protocol.prefix)) return false;
  path.remove_prefix(protocol.prefix.size());
  return path.empty() || path.front() == '/';
}

}  // namespace

net::HttpHandler Dispatch(std::vector<Protocol> protocols, net::HttpHandler others) {
  return [protocols = std::move(protocols), others = std::move(others)](net::HttpRequest request,
                                                                        net::Responder responder) {
    for (const Protocol& protocol : protocols) {
      if (Has(protocol, request.path))
        return protocol.handler(std::move(request), std::move(responder));
    }
    others(std::move(request), std::move(responder));
  };
}

}  // namespace plinth::api
