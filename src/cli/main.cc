#include <array>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace {

using plinth::cli::AddCommand;

struct Command {
  const char* name;
  const char* summary;
  AddCommand add;
};

constexpr std::array kCommands = {
    Command{"serve", "Start the server", plinth::cli::AddServe},
    Command{"models", "List the models of a running server", plinth::cli::AddModels},
    Command{"predict", "Send a prediction to a running server", plinth::cli::AddPredict},
    Command{"explain", "Show what a folder of models comes to, and where each value is from",
            plinth::cli::AddExplain},
    Command{"doctor", "Show which engines and runtimes were found, and what is missing",
            plinth::cli::AddDoctor},
};

constexpr const char* kExamples = R"(Examples:
  plinth serve --model-root ./models          start; deploy with POST /models
  plinth serve --models ./models --port 9000  start and load everything in a folder
  plinth predict digits --inputs '[[0, 1, 2, 3]]'
  plinth models
  plinth explain ./models
  plinth doctor

Documentation: docs/api.md; a running server describes itself at /openapi.json.)";

int Run(int argc, char** argv) {
  CLI::App app("Plinth: one process that serves the models of every framework.", "plinth");
  app.set_version_flag("--version", "plinth " PLINTH_VERSION);
  app.footer(kExamples);
  app.require_subcommand(1);
  std::function<int()> chosen;
  for (const Command& command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.summary);
    auto run = command.add(*subcommand);
    subcommand->final_callback([&chosen, run = std::move(run)] { chosen = run; });
  }
  if (argc < 2) {
    std::cout << app.help();
    return EXIT_SUCCESS;
  }
  CLI11_PARSE(app, argc, argv);
  return chosen ? chosen() : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  // ONNX Runtime reads this when it is opened; a server reports home for nobody. Set here, while
  // there is one thread.
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "plinth: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
