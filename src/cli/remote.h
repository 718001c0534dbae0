// What the subcommands that talk to a running server have in common.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/status.h"
#include "cli/http_client.h"

namespace CLI {
class App;
}

namespace plinth::cli {

struct RemoteOptions {
  std::string server = "http://127.0.0.1:8000";
  double timeout_seconds = 60;
};

// Adds --server and --timeout.
std::shared_ptr<RemoteOptions> AddRemoteOptions(CLI::App& app);

// The body of a 2xx reply; for any other the message of the server's error.
Result<std::string> Ask(const RemoteOptions& options, const HttpCall& call);

// Prints "plinth: <message>" on standard error; returns the exit status of a failure.
int Complain(const Error& error);

}  // namespace plinth::cli
