#include "cli/open_inference_flags.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "repository/model_folder.h"

namespace plinth::cli {

void AddOpenInferenceFlags(CLI::App& app, OpenInferenceFlags& flags) {
  app.add_option("--server-name", flags.server_name,
                 "What GET /v2 calls the server; stock clients look for it")
      ->capture_default_str();
  app.add_flag("--allow-client-shm", flags.allow_client_shm,
               "Let clients of this machine register shared memory for inputs and outputs "
               "(/v2/systemsharedmemory). They can then read and write every shared memory object "
               "that this process can");
}

api::openinference::Options OptionsOf(const OpenInferenceFlags& flags,
                                      const std::vector<std::string>& roots,
                                      const ModelSource& models) {
  api::openinference::Options options{.server_name = flags.server_name,
                                      .server_version = PLINTH_VERSION,
                                      .allow_client_shm = flags.allow_client_shm,
                                      .repository = {.upload_root = roots.front()}};
  for (const std::string& root : roots) {
    if (std::ranges::find(models.roots, root) == models.roots.end())
      options.repository.folders.emplace_back([root] { return ScanModelFolder(root); });
  }
  if (models.scan) options.repository.folders.push_back(models.scan);
  return options;
}

}  // namespace plinth::cli
