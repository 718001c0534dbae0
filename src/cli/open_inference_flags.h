// What `plinth serve` says of the Open Inference Protocol.
#pragma once

#include <string>
#include <vector>

#include "api/openinference/context.h"
#include "cli/model_options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace plinth::cli {

struct OpenInferenceFlags {
  std::string server_name = "triton";
  bool allow_client_shm = false;
};

// `flags` outlives the parsing.
void AddOpenInferenceFlags(CLI::App& app, OpenInferenceFlags& flags);

// What can be loaded by its name lies in the models' roots, of which there is at least one, or is
// what `models` has; what
// comes in a request is kept in the first of them.
api::openinference::Options OptionsOf(const OpenInferenceFlags& flags,
                                      const std::vector<std::string>& roots,
                                      const ModelSource& models);

}  // namespace plinth::cli
