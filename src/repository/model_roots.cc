#include "repository/model_roots.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

namespace plinth {
namespace {

namespace fs = std::filesystem;

// More files than any model has: a bound on how long the check of a folder takes.
constexpr int kMaxEntries = 100'000;

bool IsInside(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

bool IsInsideAny(const fs::path& path, const std::vector<fs::path>& roots) {
  return std::ranges::any_of(roots, [&](const fs::path& root) { return IsInside(path, root); });
}

// The roots that exist, without links.
std::vector<fs::path> RealRoots(const std::vector<std::string>& roots) {
  std::vector<fs::path> real;
  for (const std::string& root : roots) {
    std::error_code error;
    fs::path path = fs::canonical(root, error);
    if (!error) real.push_back(std::move(path));
  }
  return real;
}

std::unexpected<Error> Outside(const std::string& path) {
  return Fail(Code::kPermissionDenied, "path '" + path +
                                           "' is outside the model roots; move the model there, or "
                                           "start the server with --model-root DIR");
}

// Whether a link somewhere in the folder leads out of the roots.
Status CheckFolder(const fs::path& folder, const std::string& asked,
                   const std::vector<fs::path>& roots) {
  std::error_code error;
  int entries = 0;
  for (auto it = fs::recursive_directory_iterator(folder, error); !error && it != fs::end(it);
       it.increment(error)) {
    if (++entries > kMaxEntries) {
      return Fail(Code::kInvalidArgument,
                  "path '" + asked + "' holds more than " + std::to_string(kMaxEntries) + " files");
    }
    std::error_code ignored;
    if (!it->is_symlink(ignored)) continue;
    const fs::path target = fs::canonical(it->path(), ignored);
    if (ignored || !IsInsideAny(target, roots)) {
      return Fail(Code::kPermissionDenied, "in '" + asked + "' the symbolic link " +
                                               it->path().filename().string() +
                                               " leads outside the model roots");
    }
  }
  if (error)
    return Fail(Code::kPermissionDenied, "path '" + asked + "' cannot be read: " + error.message());
  return {};
}

}  // namespace

ModelRoots::ModelRoots(std::vector<std::string> roots, std::vector<std::string> code_roots)
    : roots_(std::move(roots)), code_roots_(std::move(code_roots)) {
  for (const std::string& root : code_roots_) Add(root);
}

void ModelRoots::Add(const std::string& root) {
  const std::lock_guard lock(mutex_);
  if (std::ranges::find(roots_, root) == roots_.end()) roots_.push_back(root);
}

Result<std::string> ModelRoots::Resolve(const std::string& path) const {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Fail(Code::kInvalidArgument, "path must be the name of a file or folder");
  }
  const fs::path asked(path);
  if (std::ranges::find(asked, fs::path("..")) != asked.end()) {
    return Fail(Code::kPermissionDenied, "path '" + path + "' must not contain '..'");
  }
  std::vector<std::string> named;
  {
    const std::lock_guard lock(mutex_);
    named = roots_;
  }
  const std::vector<fs::path> roots = RealRoots(named);
  std::vector<fs::path> candidates;
  if (asked.is_relative()) {
    for (const fs::path& root : roots) candidates.push_back(root / asked);
  }
  std::error_code error;
  candidates.push_back(fs::absolute(asked, error));

  bool allowed = asked.is_relative();
  for (const fs::path& candidate : candidates) {
    allowed = allowed || IsInsideAny(candidate.lexically_normal(), roots);
    const fs::path real = fs::canonical(candidate, error);
    if (error) continue;
    // Outside a root nothing is said about what is there and what is not.
    if (!IsInsideAny(real, roots)) {
      if (asked.is_relative() && &candidate == &candidates.back()) break;
      return Outside(path);
    }
    if (fs::is_directory(real, error)) {
      if (auto clean = CheckFolder(real, path, roots); !clean) return Fail(clean.error());
    }
    return real.string();
  }
  if (!allowed) return Outside(path);
  std::string looked;
  for (const fs::path& root : roots) looked += (looked.empty() ? "" : ", ") + root.string();
  return Fail(Code::kNotFound, "path '" + path + "' does not exist; model roots: " +
                                   (looked.empty() ? "none that exists" : looked));
}

Status ModelRoots::CheckCode(const std::string& path) const {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  const std::string name = fs::path(path).filename().string();
  if (!error && std::ranges::find(real, fs::path(".plinth")) != real.end()) {
    return Fail(Code::kPermissionDenied,
                name +
                    " is a program that a request has uploaded, and these are never run; put it "
                    "into a folder of --allow-code");
  }
  if (!error && IsInsideAny(real, RealRoots(code_roots_))) return {};
  if (code_roots_.empty()) {
    return Fail(Code::kPermissionDenied,
                name +
                    " is a program, and this server runs none; start it with --allow-code DIR, "
                    "a folder that the model lies in");
  }
  return Fail(Code::kPermissionDenied,
              name +
                  " is a program, and lies in none of the folders that may hold code; move it "
                  "there, or start the server with a further --allow-code DIR");
}

}  // namespace plinth
