// plinth predict: one prediction of a running server.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/json_writer.h"
#include "cli/command.h"
#include "cli/remote.h"

namespace plinth::cli {
namespace {

struct PredictOptions {
  std::string model;
  std::string version;
  std::string inputs;
};

// The JSON itself, or with "@file" what stands in the file, "@-" for standard input.
Result<std::string> ReadInputs(const std::string& inputs) {
  if (!inputs.starts_with('@')) return inputs;
  const std::string name = inputs.substr(1);
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return Fail(Code::kNotFound, "--inputs: the file '" + name + "' cannot be read");
  }
  std::istream& in = name == "-" ? std::cin : file;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

int Predict(const PredictOptions& options, const RemoteOptions& remote) {
  const auto inputs = ReadInputs(options.inputs);
  if (!inputs) return Complain(inputs.error());
  JsonWriter body;
  body.BeginObject();
  body.Key("inputs").Raw(*inputs);
  if (!options.version.empty()) body.Key("version").Value(options.version);
  body.EndObject();
  const auto answer = Ask(remote, {.method = "POST",
                                   .path = "/predict/" + EncodePathSegment(options.model),
                                   .content_type = "application/json",
                                   .body = std::move(body).Take()});
  if (!answer) return Complain(answer.error());
  std::cout << *answer << (answer->ends_with('\n') ? "" : "\n");
  return EXIT_SUCCESS;
}

}  // namespace

std::function<int()> AddPredict(CLI::App& app) {
  auto options = std::make_shared<PredictOptions>();
  app.add_option("model", options->model, "Name of the model")->required();
  app.add_option("--inputs", options->inputs,
                 "The inputs as JSON; @FILE reads them from a file, @- from standard input")
      ->required();
  app.add_option("--version", options->version, "Version of the model [the newest]");
  const auto remote = AddRemoteOptions(app);
  app.footer(R"(Examples:
  plinth predict digits --inputs '[[0, 1, 2, 3]]'
  plinth predict digits --inputs @rows.json --version v2
  plinth predict prices --inputs '{"age": [41], "city": ["Oslo"]}' --server localhost:9000)");
  return [options, remote] { return Predict(*options, *remote); };
}

}  // namespace plinth::cli
