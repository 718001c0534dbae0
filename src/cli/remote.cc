#include "cli/remote.h"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <utility>

#include <simdjson.h>
#include <CLI/CLI.hpp>

namespace plinth::cli {
namespace {

// The message in {"error": {"message": ...}}, or the body as it is.
std::string MessageOf(const HttpReply& reply) {
  simdjson::dom::parser parser;
  std::string_view message;
  if (parser.parse(reply.body)["error"]["message"].get(message) == simdjson::SUCCESS) {
    return std::string(message);
  }
  return "the server answered " + std::to_string(reply.status) + ": " + reply.body.substr(0, 1000);
}

}  // namespace

std::shared_ptr<RemoteOptions> AddRemoteOptions(CLI::App& app) {
  auto options = std::make_shared<RemoteOptions>();
  app.add_option("--server", options->server, "Address of the server")->capture_default_str();
  app.add_option("--timeout", options->timeout_seconds, "Seconds to wait for the answer")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 86400.0));
  return options;
}

Result<std::string> Ask(const RemoteOptions& options, const HttpCall& call) {
  const auto address = ParseServerAddress(options.server);
  if (!address) return Fail(address.error());
  const std::chrono::milliseconds timeout(
      static_cast<std::int64_t>(options.timeout_seconds * 1000));
  auto reply = CallServer(*address, call, timeout);
  if (!reply) return Fail(reply.error());
  if (reply->status < 200 || reply->status > 299) return Fail(Code::kInternal, MessageOf(*reply));
  return std::move(reply->body);
}

int Complain(const Error& error) {
  std::cerr << "plinth: " << error.message << '\n';
  return EXIT_FAILURE;
}

}  // namespace plinth::cli
