// The gRPC methods of a server, by their paths.
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/grpc.h"

namespace plinth::net {

class GrpcServices {
 public:
  explicit GrpcServices(std::vector<GrpcMethod> methods) : methods_(std::move(methods)) {
    for (const GrpcMethod& method : methods_) by_path_.emplace(method.path, &method);
  }
  GrpcServices(const GrpcServices&) = delete;
  GrpcServices& operator=(const GrpcServices&) = delete;

  // Null if there is none.
  const GrpcMethod* Find(std::string_view path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
  }
  bool empty() const { return methods_.empty(); }

 private:
  const std::vector<GrpcMethod> methods_;
  std::unordered_map<std::string_view, const GrpcMethod*> by_path_;
};

}  // namespace plinth::net
