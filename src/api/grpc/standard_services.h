// The gRPC services that every server has: health and reflection.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "net/grpc.h"

namespace plinth::api {

// The full names of the services that the methods belong to, each once, in the order of methods.
std::vector<std::string> ServiceNames(const std::vector<net::GrpcMethod>& methods);

// grpc.health.v1.Health for the server and the services named: SERVING while `ready` says so. It is
// called from any thread, for as long as the methods live, and must not block.
std::vector<net::GrpcMethod> MakeHealthService(std::function<bool()> ready,
                                               std::vector<std::string> services);

// grpc.reflection.v1.ServerReflection, and v1alpha, which list the services named and describe all
// that is declared in proto/.
std::vector<net::GrpcMethod> MakeReflectionService(std::vector<std::string> services);

// The methods and these two services for them.
std::vector<net::GrpcMethod> WithStandardServices(std::vector<net::GrpcMethod> methods,
                                                  std::function<bool()> ready);

}  // namespace plinth::api
