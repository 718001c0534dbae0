// What all calls of the Open Inference Protocol work with, over REST and gRPC alike.
#pragma once

#include <string>
#include <utility>

#include "api/openinference/repository.h"
#include "api/openinference/settings.h"
#include "api/openinference/shared_memory.h"
#include "serving/service.h"

namespace plinth::api::openinference {

struct Options {
  std::string server_name = "triton";  // stock clients compare it
  std::string server_version{};
  bool allow_client_shm = false;
  RepositoryOptions repository{};
};

// Outlives every call.
struct Context {
  Context(Service& s, Options o)
      : service(s),
        server_name(std::move(o.server_name)),
        server_version(std::move(o.server_version)),
        shared_memory(o.allow_client_shm),
        repository(s, std::move(o.repository)) {}

  Service& service;
  const std::string server_name;
  const std::string server_version;
  SharedMemory shared_memory;
  LogSettings log;
  TraceSettings traces;
  Repository repository;
};

}  // namespace plinth::api::openinference
