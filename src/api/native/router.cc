#include "api/native/router.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "api/http/path.h"
#include "api/http/query.h"
#include "base/nearest.h"

namespace plinth::api {
namespace {

using net::Verb;

constexpr RouteInfo kRoutes[] = {
    {Route::kPredict, Verb::kPost, "/predict/:model", "run a model"},
    {Route::kListModels, Verb::kGet, "/models", "list the models"},
    {Route::kDeployModel, Verb::kPost, "/models", "deploy a model"},
    {Route::kDescribeModel, Verb::kGet, "/models/:name", "all versions of a model"},
    {Route::kRemoveModel, Verb::kDelete, "/models/:name", "remove a model"},
    {Route::kReloadModel, Verb::kPost, "/models/:name/reload", "load a model's files again"},
    {Route::kDescribeTraffic, Verb::kGet, "/models/:name/traffic", "how its requests are shared"},
    {Route::kSetTraffic, Verb::kPut, "/models/:name/traffic", "share its requests differently"},
    {Route::kDescribeRollout, Verb::kGet, "/models/:name/rollout", "how far a rollout is"},
    {Route::kTakeBackRollout, Verb::kDelete, "/models/:name/rollout", "take a rollout back"},
    {Route::kModelEvents, Verb::kGet, "/models/:name/events", "what happened to a model"},
    {Route::kDescribeVersion, Verb::kGet, "/models/:name/version/:version", "one version"},
    {Route::kDeployVersion, Verb::kPost, "/models/:name/version/:version", "deploy a version"},
    {Route::kRemoveVersion, Verb::kDelete, "/models/:name/version/:version", "remove a version"},
    {Route::kHealth, Verb::kGet, "/health", "whether the process lives"},
    {Route::kReady, Verb::kGet, "/ready", "whether requests should be sent here"},
    {Route::kMetrics, Verb::kGet, "/metrics", "metrics in the Prometheus text format"},
    {Route::kOpenApi, Verb::kGet, "/openapi.json", "this API as OpenAPI 3.1"},
    {Route::kIndex, Verb::kGet, "/", "this list"},
};

bool SameSegment(std::string_view pattern, std::string_view segment) {
  if (pattern.starts_with(':')) return !segment.empty();
  return pattern == segment || (pattern == "version" && segment == "versions");
}

bool Matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    if (!SameSegment(TakeSegment(pattern), TakeSegment(path))) return false;
  }
  return pattern.empty() && path.empty();
}

void ReadParameters(std::string_view pattern, std::string_view path, RouteMatch& match) {
  while (!pattern.empty()) {
    const std::string_view parameter = TakeSegment(pattern);
    const std::string_view segment = TakeSegment(path);
    if (!parameter.starts_with(':')) continue;
    // A broken escape stays as it is: no name has a '%', so that it is refused as a name.
    (parameter == ":version" ? match.version : match.name) = PercentDecoded(segment);
  }
}

// The verbs that the path takes, with those that come with them.
std::string AllowOf(std::string_view path) {
  std::string allow;
  for (const RouteInfo& route : kRoutes) {
    if (!Matches(route.pattern, path)) continue;
    if (!allow.empty()) allow += ", ";
    allow += NameOf(route.verb);
    if (route.verb == Verb::kGet) allow += ", HEAD";
  }
  if (!allow.empty()) allow += ", OPTIONS";
  return allow;
}

}  // namespace

std::span<const RouteInfo> Routes() { return kRoutes; }

RouteMatch MatchRoute(Verb verb, std::string_view path) {
  RouteMatch match;
  if (!path.starts_with('/')) return match;
  const Verb wanted = verb == Verb::kHead ? Verb::kGet : verb;
  for (const RouteInfo& route : kRoutes) {
    if (route.verb != wanted || !Matches(route.pattern, path)) continue;
    match.route = route.route;
    ReadParameters(route.pattern, path, match);
    return match;
  }
  match.allow = AllowOf(path);
  return match;
}

std::string UnknownRouteMessage(std::string_view path) {
  constexpr std::size_t kShown = 100;
  std::string message = "there is no route '" + std::string(path.substr(0, kShown)) + "'";
  std::vector<std::string_view> firsts;
  for (const RouteInfo& route : kRoutes) {
    std::string_view pattern = route.pattern;
    firsts.push_back(TakeSegment(pattern));
  }
  std::string_view rest = path.starts_with('/') ? path : "/";
  const std::string_view near = NearestOf(TakeSegment(rest), firsts);
  const char* separator = "; near ones are ";
  for (std::size_t i = 0; !near.empty() && i < firsts.size(); ++i) {
    if (firsts[i] != near) continue;
    message += separator;
    message += NameOf(kRoutes[i].verb);
    message += ' ';
    message += kRoutes[i].pattern;
    separator = ", ";
  }
  return message + ". GET / lists all routes";
}

}  // namespace plinth::api
