// plinth serve --state FILE, --no-state: where what is deployed is kept.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "store/state_store.h"

namespace plinth::cli {

struct StateOption {
  std::string file;       // empty: state.db in the folder .plinth of `root`
  bool no_state = false;  // nothing is kept
};

// The store to serve with. A file that was asked for must open. The default one is done without,
// after a warning, where it cannot be made or another process has it; but what may hold deployments
// and cannot be read is an error: they must not be forgotten unnoticed.
Result<std::unique_ptr<StateStore>> OpenState(const StateOption& option, const std::string& root);

}  // namespace plinth::cli
