// Which route a path and verb lead to.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/http/verbs.h"
#include "net/http.h"

namespace plinth::api {

enum class Route {
  kNone,
  kPredict,
  kIndex,
  kHealth,
  kReady,
  kMetrics,
  kOpenApi,
  kListModels,
  kDeployModel,
  kDescribeModel,
  kRemoveModel,
  kReloadModel,
  kDescribeTraffic,
  kSetTraffic,
  kDescribeRollout,
  kTakeBackRollout,
  kModelEvents,
  kDescribeVersion,
  kDeployVersion,
  kRemoveVersion,
};

struct RouteInfo {
  Route route;
  net::Verb verb;
  std::string_view pattern;  // ":name" and ":version" stand for one segment each
  std::string_view what;     // in a few words
};

// All routes, in the order in which GET / shows them.
std::span<const RouteInfo> Routes();

struct RouteMatch {
  Route route = Route::kNone;
  std::string name;     // of the model, percent-decoded
  std::string version;  // likewise
  std::string
      allow;  // the verbs of this path, for an Allow header; empty if no route has this path
};

// `path` is percent-encoded and has no query. HEAD goes where GET goes. `allow` is filled in only
// where the verb has no route.
RouteMatch MatchRoute(net::Verb verb, std::string_view path);

// For a path that no route has: "no route '/modells'; did you mean ...".
std::string UnknownRouteMessage(std::string_view path);

}  // namespace plinth::api
