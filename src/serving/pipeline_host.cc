#include "serving/pipeline_host.h"

#include <algorithm>
#include <vector>

#include "serving/call_scope.h"

#include "serving/version_server.h"

namespace plinth {

// Counts as no request in the split of the model's traffic.
Result<VersionLease> PipelineHost::Find(const std::string& model,
                                        const std::string& version) const {
  if (!version.empty()) return registry_.Resolve(model, version);
  auto preview = registry_.Preview(model);
  if (!preview) return Fail(std::move(preview.error()));
  return std::move(preview->version);
}

Result<Signature> PipelineHost::SignatureOf(const std::string& model, const std::string& version) {
  auto lease = Find(model, version);
  if (!lease && !registry_.Resting(model, version).empty()) {
    if (auto woken = lifecycle_.WakeNow(model, version); !woken) return Fail(woken.error());
    lease = Find(model, version);
  }
  if (lease) return (*lease)->signature();
  return Fail(Code::kFailedPrecondition,
              lease.error().message + "; it must be deployed before the pipeline");
}

namespace {

// A walk from one model to all that it asks.
class Chain {
 public:
  using Members = plinth::Members;
  using MembersOf = std::function<Members(const std::string& model, const std::string& version)>;

  Chain(std::string name, MembersOf members_of)
      : name_(std::move(name)), members_of_(std::move(members_of)) {}

  // How many models the longest way from here leads over, this one included; not past the most that
  // are allowed. The way to `name`, if there is one, is then in found().
  std::size_t Walk(const Members::value_type& model) {
    const auto [known, is_new] = lengths_.emplace(model, 0);
    if (!is_new) return known->second;
    way_.push_back(model.first);
    std::size_t longest = 0;
    if (model.first == name_) {
      found_ = way_;
    } else if (way_.size() <= CallChain::kMaxDepth) {
      for (const auto& member : members_of_(model.first, model.second)) {
        if (found_.empty()) longest = std::max(longest, Walk(member));
      }
    }
    way_.pop_back();
    return lengths_[model] = longest + 1;
  }

  const std::vector<std::string>& found() const { return found_; }

 private:
  const std::string name_;
  const MembersOf members_of_;
  std::map<Members::value_type, std::size_t> lengths_;
  std::vector<std::string> way_;
  std::vector<std::string> found_;
};

}  // namespace

Status PipelineHost::CheckChain(const std::string& name, const std::string& model,
                                const std::string& version) {
  Chain chain(name, [this](const std::string& of, const std::string& v) {
    const auto lease = Find(of, v);
    return lease ? (*lease)->members() : Members();
  });
  const std::size_t length = chain.Walk({model, version});
  if (!chain.found().empty()) {
    std::string way = name;
    for (const std::string& link : chain.found()) way += " -> " + link;
    return Fail(Code::kInvalidArgument, "the pipeline would ask itself: " + way);
  }
  if (length < CallChain::kMaxDepth) return {};
  return Fail(Code::kInvalidArgument, "model '" + model + "' leads over more than " +
                                          std::to_string(CallChain::kMaxDepth - 1) +
                                          " others, one behind the other, which is the limit");
}

Result<std::shared_ptr<ModelVersion>> PipelineHost::LoadOwn(DeploySpec spec, Members& members) {
  const auto key = std::pair(spec.name, spec.version);
  auto version = lifecycle_.LoadOwn(std::move(spec), members);
  if (!version) return version;
  const std::lock_guard lock(mutex_);
  ++own_[key];
  return version;
}

// Alarms must not take long.
void PipelineHost::At(Clock::time_point when, std::move_only_function<void()> task) {
  alarm_.At(when, [this, task = std::move(task)]() mutable { workers_.Post(std::move(task)); });
}

void PipelineHost::Retire(ModelVersion& version) {
  VersionServer::Of(version).Close();
  version.Retire();
  const std::lock_guard lock(mutex_);
  const auto count = own_.find({version.name(), version.version()});
  if (--count->second > 0) return;
  own_.erase(count);
  metrics_.Forget(version.name(), version.version());
  const auto other = own_.lower_bound({version.name(), ""});
  if (other == own_.end() || other->first.first != version.name()) metrics_.Forget(version.name());
}

}  // namespace plinth
