#include "model/backend.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "model/abi_backend.h"

namespace plinth {
namespace {

constexpr std::string_view kFilePrefix = "libplinth_";
constexpr std::string_view kFileSuffix = ".so";

}  // namespace

void BackendSet::Add(std::shared_ptr<Backend> backend) {
  const std::lock_guard lock(mutex_);
  added_.emplace_back(backend->name());
  open_.push_back(std::move(backend));
}

std::vector<std::string> BackendSet::Names() const {
  std::set<std::string> names(added_.begin(), added_.end());
  for (const std::string& dir : dirs_) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
      std::string file = entry.path().filename();
      if (file.starts_with(kFilePrefix) && file.ends_with(kFileSuffix) &&
          file.size() > kFilePrefix.size() + kFileSuffix.size()) {
        file.resize(file.size() - kFileSuffix.size());
        names.insert(file.substr(kFilePrefix.size()));
      }
    }
  }
  return {names.begin(), names.end()};
}

Result<std::shared_ptr<Backend>> BackendSet::Get(const std::string& name) {
  const std::lock_guard lock(mutex_);
  for (const auto& backend : open_) {
    if (backend->name() == name) return backend;
  }
  const std::vector<std::string> names = Names();
  if (std::ranges::find(names, name) == names.end()) {
    std::string known;
    for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
    return Fail(Code::kNotFound, "there is no engine '" + name +
                                     "'; installed: " + (known.empty() ? "none" : known));
  }
  for (const std::string& dir : dirs_) {
    const std::string path =
        std::filesystem::path(dir) / (std::string(kFilePrefix) + name + std::string(kFileSuffix));
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    auto backend = AbiBackend::Open(path);
    if (!backend) return Fail(backend.error());
    if ((*backend)->name() != name) {
      return Fail(Code::kUnavailable, path + " calls itself '" + std::string((*backend)->name()) +
                                          "'; the file's name must match");
    }
    (*backend)->UseCache(cache_);
    open_.push_back(*backend);
    return *backend;
  }
  return Fail(Code::kNotFound, "engine '" + name + "' is gone");
}

}  // namespace plinth
