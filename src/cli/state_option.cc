#include "cli/state_option.h"

#include <filesystem>

#include "base/log.h"

namespace plinth::cli {
namespace {

bool CanDoWithout(const Error& error) {
  return error.code == Code::kUnavailable || error.code == Code::kPermissionDenied;
}

}  // namespace

Result<std::unique_ptr<StateStore>> OpenState(const StateOption& option, const std::string& root) {
  if (option.no_state) return StateStore::InMemory();
  const bool is_default = option.file.empty();
  const auto file = is_default ? std::filesystem::path(root) / ".plinth" / "state.db"
                               : std::filesystem::path(option.file);
  auto store = StateStore::Open(file.string());
  if (!store && is_default && CanDoWithout(store.error())) {
    LogWarning(store.error().message +
               ". What is deployed over the API will be forgotten when this server stops");
    return StateStore::InMemory();
  }
  if (store && (*store)->read_only()) {
    LogWarning("the state file " + (*store)->path() +
               " is read-only: what it holds is served, and changes are refused");
  }
  return store;
}

}  // namespace plinth::cli
