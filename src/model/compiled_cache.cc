#include "model/compiled_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file_descriptor.h"
#include "base/log.h"
#include "model/content_digest.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

// Folders that are being written or removed. One that is older than an hour has no owner any more:
// nothing takes that long.
constexpr std::string_view kUnfinished = ".unfinished-";
constexpr std::chrono::hours kAbandoned{1};

bool IsKey(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The folder that the model at `path` is, or lies in.
std::string FolderOf(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error) ? path : fs::path(path).parent_path().string();
}

std::string HashOf(const Signature& signature) {
  StableHasher hasher;
  for (const auto* specs : {&signature.inputs, &signature.outputs}) {
    hasher.Number(specs->size());
    for (const TensorSpec& spec : *specs) {
      hasher.Text(spec.name);
      hasher.Number(static_cast<std::uint64_t>(spec.dtype));
      hasher.Number(spec.shape ? spec.shape->rank() + 1 : 0);
      if (spec.shape) hasher.Bytes(std::as_bytes(std::span(spec.shape->dims())));
      hasher.Number(static_cast<std::uint64_t>(spec.batch_axis + 1));
      hasher.Number(spec.optional ? 1 : 0);
    }
  }
  hasher.Number(signature.concurrent ? 1 : 0);
  hasher.Number(signature.stateful ? 1 : 0);
  return hasher.Hex();
}

struct Entry {
  std::string path;
  fs::file_time_type used;
  std::uint64_t bytes;
};

std::vector<Entry> EntriesOf(const std::string& dir) {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    std::error_code gone;
    if (!IsKey(entry.path().filename().string())) continue;
    const auto used = entry.last_write_time(gone);
    if (!gone) entries.push_back({entry.path(), used, BytesIn(entry.path())});
  }
  return entries;
}

}  // namespace

std::string_view NameOf(CompiledUse use) {
  constexpr std::array<std::string_view, 3> kNames = {"", "hit", "stored"};
  return kNames[static_cast<std::size_t>(use)];
}

// ---- CompiledCache

CompiledCache::CompiledCache(std::string dir, std::uint64_t max_bytes,
                             std::chrono::milliseconds worthwhile)
    : dir_(std::move(dir)), max_bytes_(max_bytes), worthwhile_(worthwhile) {
  const auto oldest = fs::file_time_type::clock::now() - kAbandoned;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir_, error)) {
    std::error_code gone;
    const bool unfinished = entry.path().filename().string().starts_with(kUnfinished);
    if (unfinished && entry.last_write_time(gone) < oldest) fs::remove_all(entry.path(), gone);
  }
}

void CompiledCache::Complain(const std::string& message) {
  const bool first = !complained_.exchange(true);
  Log(first ? LogLevel::kWarning : LogLevel::kDebug, message + "; models are loaded without");
}

std::shared_ptr<const CompiledFiles> CompiledCache::Find(const std::string& key) {
  const std::string path = PathOf(key);
  auto form = CompiledFiles::Read(path);
  if (form) {
    ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);  // when it was last used, for Trim()
    return std::move(*form);
  }
  if (form.error().code == Code::kInvalidModel) {
    LogWarning("compiled-model cache: " + path + " is removed: " + form.error().message);
    Remove(path);
  }
  return nullptr;
}

std::string CompiledCache::MakeFolder() {
  std::error_code error;
  if (!fs::is_directory(dir_, error)) {
    fs::create_directories(dir_, error);
    if (!error) fs::permissions(dir_, fs::perms::owner_all, error);
  }
  std::string path = PathOf(std::string(kUnfinished) + "XXXXXX");
  if (::mkdtemp(path.data()) != nullptr) return path;
  Complain("compiled-model cache: nothing can be kept in " + dir_ + ": " + ErrorText(errno));
  return {};
}

bool CompiledCache::Publish(const std::string& folder, const std::string& key,
                            const std::string& signature) {
  if (auto written = WriteIndex(folder, signature); !written) {
    Complain("compiled-model cache: " + written.error().message);
    return false;
  }
  if (BytesIn(folder) > max_bytes_) return false;
  // A folder that is not empty is never replaced: of several writers the first wins.
  if (::rename(folder.c_str(), PathOf(key).c_str()) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST) return true;
    Complain("compiled-model cache: a form cannot be kept in " + dir_ + ": " + ErrorText(errno));
    return false;
  }
  Trim(PathOf(key));
  return true;
}

void CompiledCache::Remove(const std::string& path) {
  // In one step, so that nobody finds half of it.
  std::string grave = PathOf(std::string(kUnfinished) + "XXXXXX");
  std::error_code error;
  if (::mkdtemp(grave.data()) != nullptr && ::rename(path.c_str(), grave.c_str()) == 0) {
    fs::remove_all(grave, error);
    return;
  }
  fs::remove(grave, error);
}

void CompiledCache::Trim(const std::string& newest) {
  std::vector<Entry> entries = EntriesOf(dir_);
  std::uint64_t bytes = 0;
  for (const Entry& entry : entries) bytes += entry.bytes;
  std::ranges::sort(entries, {}, &Entry::used);
  for (const Entry& entry : entries) {
    if (bytes <= max_bytes_) return;
    if (entry.path == newest) continue;
    Remove(entry.path);
    bytes -= entry.bytes;
  }
}

// ---- CompiledLoad

CompiledLoad::CompiledLoad(CompiledCache& cache, const StableHasher& settings,
                           const std::string& path)
    : cache_(cache),
      settings_(settings),
      base_(FolderOf(path)),
      view_{sizeof(plinth_compiled), this, FindFor, FolderFor},
      start_(std::chrono::steady_clock::now()) {}

CompiledLoad::~CompiledLoad() {
  if (folder_.empty()) return;
  std::error_code error;
  fs::remove_all(folder_, error);
}

// No exception may pass through the backend.
std::size_t CompiledLoad::FindFor(void* context, std::size_t count, const char* const* paths,
                                  const plinth_compiled_file** files) {
  auto& load = *static_cast<CompiledLoad*>(context);
  const auto begin = std::chrono::steady_clock::now();
  try {
    load.paths_.assign(paths, paths + count);
    load.key_ = load.KeyOf();
    if (!load.key_.empty()) load.found_ = load.cache_.Find(load.key_);
  } catch (const std::exception& error) {
    LogDebug(std::string("compiled-model cache: ") + error.what());
  }
  load.start_ += std::chrono::steady_clock::now() - begin;  // it counts what a load takes without
  if (load.found_ == nullptr) return 0;
  *files = load.found_->files().data();
  return load.found_->files().size();
}

const char* CompiledLoad::FolderFor(void* context) {
  auto& load = *static_cast<CompiledLoad*>(context);
  try {
    if (load.folder_.empty() && !load.key_.empty() && load.found_ == nullptr) {
      load.folder_ = load.cache_.MakeFolder();
    }
  } catch (const std::exception& error) {
    LogDebug(std::string("compiled-model cache: ") + error.what());
  }
  return load.folder_.empty() ? nullptr : load.folder_.c_str();
}

// Empty if the files cannot be read.
std::string CompiledLoad::KeyOf() const {
  StableHasher hasher(settings_);
  const auto hashed = HashContents(paths_, base_, hasher);
  if (hashed) return hasher.Hex();
  LogDebug("compiled-model cache: " + hashed.error().message);
  return {};
}

bool CompiledLoad::ToBlame(const Signature* loaded) const {
  if (loaded == nullptr) return found_ != nullptr || !folder_.empty();
  return found_ != nullptr && HashOf(*loaded) != found_->signature();
}

void CompiledLoad::Discard() {
  if (found_ == nullptr) return;
  LogWarning("compiled-model cache: " + cache_.PathOf(key_) +
             " is removed: the model could not be loaded from it as from its own files");
  cache_.Remove(cache_.PathOf(key_));
}

CompiledUse CompiledLoad::Finish(const Signature& signature) {
  if (found_ != nullptr) return CompiledUse::kHit;
  std::error_code error;
  if (folder_.empty() || fs::is_empty(folder_, error)) return CompiledUse::kNone;
  if (std::chrono::steady_clock::now() - start_ < cache_.worthwhile_) return CompiledUse::kNone;
  // The files may have changed between their hash and their load.
  if (KeyOf() != key_) return CompiledUse::kNone;
  const bool kept = cache_.Publish(folder_, key_, HashOf(signature));
  return kept ? CompiledUse::kStored : CompiledUse::kNone;
}

}  // namespace plinth
