// The subcommands of `plinth`: one file each, and a table of them in main.cc.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace plinth::cli {

// Adds a subcommand's options and description to `app` and returns what runs it after they have
// been parsed: an exit status.
using AddCommand = std::function<int()> (*)(CLI::App& app);

std::function<int()> AddServe(CLI::App& app);
std::function<int()> AddPredict(CLI::App& app);
std::function<int()> AddModels(CLI::App& app);
std::function<int()> AddExplain(CLI::App& app);
std::function<int()> AddDoctor(CLI::App& app);

// The folders where backends are looked for when none is given: beside the program, as in the build
// tree, and as installed.
std::vector<std::string> DefaultBackendDirs();

// The engines that come with Plinth, with the framework files that each is for.
struct KnownEngine {
  const char* name;
  const char* serves;
  const char* library;  // the beginning of the runtime's file name; nullptr if it has none
};
std::vector<KnownEngine> KnownEngines();

}  // namespace plinth::cli
