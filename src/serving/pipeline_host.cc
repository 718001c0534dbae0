#include "serving/pipeline_host.h"

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

Result<std::shared_ptr<ModelVersion>> PipelineHost::LoadOwn(DeploySpec spec) {
  const auto key = std::pair(spec.name, spec.version);
  auto version = lifecycle_.LoadOwn(std::move(spec));
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
