#include "api/tfserving/target.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "api/http/query.h"
#include "api/http/verbs.h"
#include "net/header_text.h"

namespace plinth::api::tfserving {
namespace {

using net::EqualsIgnoringCase;

constexpr std::pair<std::string_view, Method> kMethods[] = {
    {"predict", Method::kPredict}, {"classify", Method::kClassify}, {"regress", Method::kRegress}};

// Takes "/segment" off the front of `path`; nothing if there is none, or an empty one.
std::optional<std::string_view> TakeSegment(std::string_view& path) {
  if (!path.starts_with('/')) return std::nullopt;
  const std::size_t end = std::min(path.find('/', 1), path.size());
  if (end == 1) return std::nullopt;
  const std::string_view segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

// Takes ":method" off the end of `path`.
std::optional<Method> TakeMethod(std::string_view& path) {
  const std::size_t colon = path.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  for (const auto& [name, method] : kMethods) {
    if (!EqualsIgnoringCase(path.substr(colon + 1), name)) continue;
    path = path.substr(0, colon);
    return method;
  }
  return std::nullopt;
}

// Takes "/versions/3" or "/labels/stable" off the front of `path`, if it begins so; false if it
// does without being one. A number may be too large to be one: `version` is its text.
bool TakeVersion(std::string_view& path, std::string_view& version, std::string_view& label) {
  std::string_view rest = path;
  const auto key = TakeSegment(rest);
  if (!key) return true;
  const bool versions = EqualsIgnoringCase(*key, "versions");
  if (!versions && !EqualsIgnoringCase(*key, "labels")) return true;
  const auto value = TakeSegment(rest);
  if (!value) return false;
  if (versions && value->find_first_not_of("0123456789") != std::string_view::npos) return false;
  (versions ? version : label) = *value;
  path = rest;
  return true;
}

bool TakeMetadata(std::string_view& path) {
  std::string_view rest = path;
  const auto segment = TakeSegment(rest);
  if (!segment || !EqualsIgnoringCase(*segment, "metadata")) return false;
  path = rest;
  return true;
}

// The parts of a path, as they stand there; false if it is none of ours.
struct Parts {
  std::string_view name, version, label;
  Method method = Method::kStatus;

  bool Take(net::Verb verb, std::string_view path) {
    const bool post = verb == net::Verb::kPost;
    if (post) {
      const auto named = TakeMethod(path);
      if (!named) return false;
      method = *named;
    } else if (verb != net::Verb::kGet && verb != net::Verb::kHead) {
      return false;
    }
    for (const std::string_view fixed : {"v1", "models"}) {
      const auto segment = TakeSegment(path);
      if (!segment || !EqualsIgnoringCase(*segment, fixed)) return false;
    }
    name = TakeSegment(path).value_or("");
    if (post && name.empty()) return false;
    if (!TakeVersion(path, version, label)) return false;
    if (!post && TakeMetadata(path)) method = Method::kMetadata;
    return path.empty() && name.find(':') == std::string_view::npos &&
           label.find(':') == std::string_view::npos;
  }
};

}  // namespace

Result<Target> ParseTarget(net::Verb verb, std::string_view path) {
  Parts parts;
  if (!parts.Take(verb, path)) {
    return Fail(Code::kInvalidArgument, "Malformed request: " + std::string(NameOf(verb)) + " " +
                                            std::string(path.substr(0, 1024)));
  }
  if (parts.name.empty()) return Fail(Code::kInvalidArgument, "Missing model name in request.");
  Target target{.method = parts.method, .spec = {.name = PercentDecoded(parts.name)}};
  if (!parts.label.empty()) target.spec.label = PercentDecoded(parts.label);
  if (!parts.version.empty()) {
    std::int64_t number = 0;
    const char* const end = parts.version.data() + parts.version.size();
    if (std::from_chars(parts.version.data(), end, number).ec != std::errc()) {
      return Fail(Code::kInvalidArgument,
                  "Failed to convert version: " + std::string(parts.version) + " to numeric.");
    }
    target.spec.version = number;
  }
  return target;
}

}  // namespace plinth::api::tfserving
