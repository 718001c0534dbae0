// plinth doctor: what is there to serve with.
#include <sys/sysinfo.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "model/backend.h"

namespace plinth::cli {
namespace {

// The path of a library that this process has mapped, by the beginning of its file name; empty if
// there is none.
std::string MappedLibrary(const std::string& prefix) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t slash = line.rfind('/');
    if (slash == std::string::npos || line.compare(slash + 1, prefix.size(), prefix) != 0) continue;
    return line.substr(line.find('/'));
  }
  return {};
}

void PrintMachine() {
  struct sysinfo memory {};
  sysinfo(&memory);
  const double gib = static_cast<double>(memory.totalram) * memory.mem_unit / (1 << 30);
  std::cout << fmt::format("plinth {}\nmachine    {} cores, {:.1f} GiB of memory\n", PLINTH_VERSION,
                           std::thread::hardware_concurrency(), gib);
}

// One engine's lines; whether it works.
bool PrintEngine(BackendSet& backends, const std::string& name, const KnownEngine* known) {
  const auto backend = backends.Get(name);
  std::cout << fmt::format("\n{:<12} {}\n", name, backend ? "ok" : "MISSING");
  if (known != nullptr) std::cout << "  serves     " << known->serves << '\n';
  if (!backend) {
    std::cout << "  reason     " << backend.error().message << '\n'
              << "  to get it  run `make build` in the source tree: it fetches the runtime and "
                 "builds the engine\n";
    return false;
  }
  if (known == nullptr) std::cout << "  serves     " << (*backend)->frameworks() << '\n';
  std::cout << "  engine     " << (*backend)->path() << " (" << (*backend)->version() << ")\n";
  if ((*backend)->runtime().empty()) {
    std::cout << "  runtime    none needed\n";
    return true;
  }
  std::cout << "  runtime    " << (*backend)->runtime() << '\n';
  const std::string library = known && known->library ? MappedLibrary(known->library) : "";
  if (!library.empty()) std::cout << "  library    " << library << '\n';
  return true;
}

int Doctor(std::vector<std::string> dirs) {
  if (dirs.empty()) dirs = DefaultBackendDirs();
  PrintMachine();
  std::cout << "engines in " << (dirs.empty() ? "no folder: none was found" : "");
  for (const std::string& dir : dirs) std::cout << (&dir == dirs.data() ? "" : ", ") << dir;
  std::cout << '\n';

  BackendSet backends(std::move(dirs));
  const std::vector<KnownEngine> known = KnownEngines();
  bool all_work = true;
  for (const KnownEngine& engine : known) all_work &= PrintEngine(backends, engine.name, &engine);
  for (const std::string& name : backends.Names()) {
    const bool ours =
        std::ranges::any_of(known, [&](const KnownEngine& e) { return name == e.name; });
    if (!ours) all_work &= PrintEngine(backends, name, nullptr);
  }
  std::cout << (all_work ? "\nEverything works.\n"
                         : "\nModels of the missing engines cannot be served; the others can.\n");
  return all_work ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

std::function<int()> AddDoctor(CLI::App& app) {
  auto dirs = std::make_shared<std::vector<std::string>>();
  app.add_option("--backend-dir", *dirs,
                 "Folder with libplinth_<engine>.so files (may be repeated)");
  return [dirs] { return Doctor(*dirs); };
}

}  // namespace plinth::cli
