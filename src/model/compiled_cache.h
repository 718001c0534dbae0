// Compiled forms of models kept on disk, so that the second start of a model is fast: an optimised
// ONNX graph, what OpenVINO has compiled. One folder for any number of processes.
//
// A form's name is a hash of everything that decides what it is: the bytes of the model's files,
// the backend and its runtime, the options, the declared tensors and the processor. So a form never
// goes stale, it is only no longer asked for; the least recently used go when there are too many.
// It is written in a folder of its own beside the others and gets its name in one step, complete or
// not at all; of several writers the first wins. What is read is compared with checksums.
//
// Nothing here makes a load fail: whatever goes wrong, the model is loaded from its own files.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stable_hash.h"
#include "base/status.h"
#include "model/compiled_entry.h"
#include "model/signature.h"
#include "plinth/backend.h"

namespace plinth {

class CompiledCache {
 public:
  // A load that takes less is not worth a form.
  static constexpr std::chrono::milliseconds kWorthwhile{20};

  // `dir` is created when the first form is kept. Removes what writers that have died left there.
  CompiledCache(std::string dir, std::uint64_t max_bytes,
                std::chrono::milliseconds worthwhile = kWorthwhile);

 private:
  friend class CompiledLoad;

  std::string PathOf(const std::string& key) const { return dir_ + "/" + key; }
  // The form of that name, now the most recently used one; nullptr if there is none or it is
  // broken.
  std::shared_ptr<const CompiledFiles> Find(const std::string& key);
  // An empty folder of the caller's own; empty if there cannot be one.
  std::string MakeFolder();
  // Gives a complete folder its name. Whether it is there then, by us or by another writer.
  bool Publish(const std::string& folder, const std::string& key, const std::string& signature);
  void Remove(const std::string& path);
  void Trim(const std::string& newest);
  // The first trouble is a warning, those after it are not news.
  void Complain(const std::string& message);

  const std::string dir_;
  const std::uint64_t max_bytes_;
  const std::chrono::milliseconds worthwhile_;
  std::atomic<bool> complained_{false};
};

// What a load had of the cache.
enum class CompiledUse { kNone, kHit, kStored };

std::string_view NameOf(CompiledUse use);  // "", "hit", "stored"

// One load's dealings with the cache, on one thread.
class CompiledLoad {
 public:
  // `settings` has everything that decides about the compiled form but the model's files; `path` is
  // the model's.
  CompiledLoad(CompiledCache& cache, const StableHasher& settings, const std::string& path);
  ~CompiledLoad();
  CompiledLoad(const CompiledLoad&) = delete;
  CompiledLoad& operator=(const CompiledLoad&) = delete;

  // For plinth_load_request.compiled.
  const plinth_compiled* view() const { return &view_; }

  // Whether the load may have failed, or may have gone wrong, because of the cache: then it is to
  // be done again without. `loaded` is the model's signature, nullptr if it could not be loaded.
  bool ToBlame(const Signature* loaded) const;
  // Takes the form that is to blame out of the cache.
  void Discard();

  // The load has succeeded: keeps what the backend wrote, if that is worth it.
  CompiledUse Finish(const Signature& signature);

  // What find() gave; must outlive the model.
  std::shared_ptr<const CompiledFiles> found() const { return found_; }

 private:
  static std::size_t FindFor(void* context, std::size_t count, const char* const* paths,
                             const plinth_compiled_file** files);
  static const char* FolderFor(void* context);
  std::string KeyOf() const;

  CompiledCache& cache_;
  const StableHasher settings_;
  const std::string base_;  // the folder that names of files are relative to
  const plinth_compiled view_;
  std::chrono::steady_clock::time_point start_;
  std::vector<std::string> paths_;  // what the load depends on
  std::string key_;                 // empty until find(), or if the files cannot be read
  std::string folder_;
  std::shared_ptr<const CompiledFiles> found_;
};

}  // namespace plinth
