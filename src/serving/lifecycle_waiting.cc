// Versions that are made of others, listed before these are there: they are tried again whenever
// one of those that they have looked up has been published.
#include <algorithm>
#include <iterator>
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
    again = may_come && std::ranges::any_of(load.version->members(), [&](const auto& member) {
              const auto at = published_at_.find(member.first);
              return at != published_at_.end() && at->second > published_before;
            });
    if (may_come && !again) waiting_.push_back(std::move(load));
    if (listed_loads_ == 0 && !again) {
      for (Waiting& waiting : waiting_) {
        if (!waiting.done) continue;
        over.push_back(
            {waiting.version, waiting.cause, std::move(waiting.done), {}, waiting.error});
        waiting.done = nullptr;
      }
    }
    if (listed_loads_ == 0) published_at_.clear();
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

void Lifecycle::NotePublished(const std::string& model) {
  std::vector<Waiting> waiting;
  {
    const std::lock_guard lock(waiting_mutex_);
    ++published_;
    if (listed_loads_ > 0) published_at_[model] = published_;
    const auto asks = [&](const Waiting& load) {
      const Members& members = load.version->members();
      const auto first = members.lower_bound({model, ""});
      return first != members.end() && first->first == model;
    };
    const auto others = std::stable_partition(waiting_.begin(), waiting_.end(), asks);
    std::move(waiting_.begin(), others, std::back_inserter(waiting));
    waiting_.erase(waiting_.begin(), others);
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
