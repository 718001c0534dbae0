#include "api/grpc/standard_services.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace plinth::api {
namespace {

void Append(std::vector<net::GrpcMethod> more, std::vector<net::GrpcMethod>& methods) {
  std::ranges::move(more, std::back_inserter(methods));
}

}  // namespace

std::vector<std::string> ServiceNames(const std::vector<net::GrpcMethod>& methods) {
  std::vector<std::string> names;
  for (const net::GrpcMethod& method : methods) {
    const std::string_view path = std::string_view(method.path).substr(1);
    const std::string_view name = path.substr(0, path.find('/'));
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  }
  return names;
}

std::vector<net::GrpcMethod> WithStandardServices(std::vector<net::GrpcMethod> methods,
                                                  std::function<bool()> ready) {
  Append(MakeHealthService(std::move(ready), ServiceNames(methods)), methods);
  std::vector<std::string> names = ServiceNames(methods);
  // Reflection tells of itself as well.
  for (const std::string& name : ServiceNames(MakeReflectionService({}))) names.push_back(name);
  Append(MakeReflectionService(std::move(names)), methods);
  return methods;
}

}  // namespace plinth::api
