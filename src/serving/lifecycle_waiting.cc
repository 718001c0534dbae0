// Versions that are made of others, listed before these are there: they are tried again whenever a
// version has been published.
#include <optional>
#include <utility>

#include "base/log.h"
#include "serving/lifecycle.h"

namespace plinth {

std::uint64_t Lifecycle::BeginListed() {
  const std::lock_guard lock(waiting_mutex_);
  ++listed_loads_;
  return published_;
}

void Lifecycle::EndListed(Waiting load, const Result<VersionInfo>& result, bool may_come,
                          std::uint64_t published_before) {
  std::vector<Waiting> over;  // nothing is on its way that they could wait for
  bool again = false;
  {
    const std::lock_guard lock(waiting_mutex_);
    --listed_loads_;
    again = may_come && published_ != published_before;
    if (may_come && !again) waiting_.push_back(std::move(load));
    if (listed_loads_ == 0 && !again) {
      for (Waiting& waiting : waiting_) {
        if (!waiting.done) continue;
        over.push_back(
            {waiting.version, waiting.cause, std::move(waiting.done), {}, waiting.error});
        waiting.done = nullptr;
      }
    }
  }
  if (again) {
    TryAgain(std::move(load));
  } else if (!may_come && load.done) {
    load.done(result);
  }
  for (Waiting& waiting : over) {
    LogWarning("model '" + waiting.version->name() + "' " + waiting.version->version() +
               " waits for others: " + waiting.error.message);
    NoteFailed(*waiting.version, waiting.error);
    waiting.done(Fail(std::move(waiting.error)));
  }
}

void Lifecycle::NotePublished() {
  std::vector<Waiting> waiting;
  {
    const std::lock_guard lock(waiting_mutex_);
    ++published_;
    waiting.swap(waiting_);
  }
  for (Waiting& load : waiting) TryAgain(std::move(load));
}

// Unless it was removed or replaced meanwhile.
void Lifecycle::TryAgain(Waiting load) {
  const std::uint64_t published = BeginListed();
  loaders_.Post([this, load = std::move(load), published]() mutable {
    const auto now = parts_.registry.Find(load.version->name(), load.version->version());
    const bool in_place = now != nullptr && (now == load.version || now == load.replaces);
    if (stopping_.load() || !in_place) {
      const Result<VersionInfo> gone =
          Fail(Code::kFailedPrecondition, "it was removed before it could be loaded");
      return EndListed(std::move(load), gone, false, published);
    }
    DeploySpec spec = load.version->spec();
    spec.replace = true;
    load.version = Make(std::move(spec));
    if (auto reserved = parts_.registry.Reserve(load.version, true); !reserved) {
      return EndListed(std::move(load), Fail(std::move(reserved.error())), false, published);
    }
    LoadListed(std::move(load), std::nullopt, published);
  });
}

}  // namespace plinth
