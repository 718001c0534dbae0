// Engines: what loads models of some kind.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/compiled_cache.h"
#include "model/config.h"
#include "model/loaded_model.h"
#include "model/members.h"

namespace plinth {

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const = 0;
  virtual std::string_view version() const = 0;
  virtual std::string_view runtime() const = 0;     // the library that does the work; may be empty
  virtual std::string_view frameworks() const = 0;  // comma-separated
  virtual const std::string& path() const = 0;      // of its file

  // Whether its models are programs that may do what this process may.
  virtual bool runs_code() const { return false; }

  virtual bool Probe(const std::string& model_path) const = 0;

  // `name` is for what is logged: the model and its version. The models that it looks up are added
  // to `members`, whatever comes of it: one that has looked up none fails for ever.
  virtual Result<std::unique_ptr<LoadedModel>> Load(const std::string& model_path,
                                                    const ModelConfig& config,
                                                    const std::string& name, Members& members) = 0;
};

// Finds backends by name, and opens those that are files. Thread-safe.
class BackendSet {
 public:
  explicit BackendSet(std::vector<std::string> dirs, std::shared_ptr<CompiledCache> cache = nullptr)
      : dirs_(std::move(dirs)), cache_(std::move(cache)) {}

  // A backend that is no file.
  void Add(std::shared_ptr<Backend> backend);

  // Opens libplinth_<name>.so on first use. NOT_FOUND lists the names that there are.
  Result<std::shared_ptr<Backend>> Get(const std::string& name);

  // The names of those that were added and of all libplinth_*.so in the folders, sorted; opens
  // none.
  std::vector<std::string> Names() const;

 private:
  const std::vector<std::string> dirs_;
  const std::shared_ptr<CompiledCache> cache_;
  std::vector<std::string> added_;  // before any is asked for
  std::mutex mutex_;  // held while opening: two threads never open the same file twice
  std::vector<std::shared_ptr<Backend>> open_;
};

}  // namespace plinth
