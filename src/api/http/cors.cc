#include "api/http/cors.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "api/http/forwarding_sink.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Responder;

// Adds the headers that let a page read the answer.
class CorsSink final : public ForwardingSink {
 public:
  CorsSink(Responder to, std::string allowed)
      : ForwardingSink(std::move(to)), allowed_(std::move(allowed)) {}

  void Send(HttpResponse response) override { ForwardingSink::Send(Opened(std::move(response))); }
  void Begin(HttpResponse head) override { ForwardingSink::Begin(Opened(std::move(head))); }

 private:
  HttpResponse Opened(HttpResponse response) const {
    if (allowed_ != "*") response.headers.emplace_back("Vary", "Origin");
    response.headers.emplace_back("Access-Control-Allow-Origin", allowed_);
    response.headers.emplace_back("Access-Control-Expose-Headers", "*");
    return response;
  }

  const std::string allowed_;
};

bool IsPreflight(const HttpRequest& request) {
  return request.verb == net::Verb::kOptions &&
         !request.Find("Access-Control-Request-Method").empty();
}

HttpResponse PreflightAnswer(const HttpRequest& request) {
  HttpResponse answer{.status = 204, .content_type = "", .headers = {}, .body = ""};
  answer.headers.emplace_back("Access-Control-Allow-Methods",
                              "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
  if (const auto headers = request.Find("Access-Control-Request-Headers"); !headers.empty())
    answer.headers.emplace_back("Access-Control-Allow-Headers", headers);
  answer.headers.emplace_back("Access-Control-Max-Age", "600");
  return answer;
}

}  // namespace

net::HttpHandler WithCors(net::HttpHandler inner, std::vector<std::string> origins) {
  return [inner = std::move(inner), origins = std::move(origins)](HttpRequest request,
                                                                  Responder responder) {
    const std::string_view origin = request.Find("Origin");
    const bool all = std::ranges::find(origins, "*") != origins.end();
    if (origin.empty() || (!all && std::ranges::find(origins, origin) == origins.end()))
      return inner(std::move(request), std::move(responder));
    Responder opened(
        std::make_shared<CorsSink>(std::move(responder), all ? "*" : std::string(origin)));
    if (IsPreflight(request)) return opened.Send(PreflightAnswer(request));
    inner(std::move(request), std::move(opened));
  };
}

}  // namespace plinth::api
