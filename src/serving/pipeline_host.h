// What pipelines get of the server: the models that are deployed, and members of their own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "model/registry.h"
#include "pipeline/host.h"
#include "serving/alarm.h"
#include "serving/infer.h"
#include "serving/lifecycle.h"
#include "serving/model_metrics.h"
#include "serving/worker_pool.h"

namespace plinth {

class PipelineHost final : public pipeline::Host {
 public:
  // None of them is touched here. `metrics` outlives the host, the others all loads and requests.
  PipelineHost(Registry& registry, Lifecycle& lifecycle, ModelMetrics& metrics, WorkerPool& workers,
               Alarm& alarm)
      : registry_(registry),
        lifecycle_(lifecycle),
        metrics_(metrics),
        workers_(workers),
        alarm_(alarm) {}

  Result<Signature> SignatureOf(const std::string& model, const std::string& version) override;
  Status CheckChain(const std::string& name, const std::string& model,
                    const std::string& version) override;
  Result<std::shared_ptr<ModelVersion>> LoadOwn(DeploySpec spec, Members& members) override;
  void Retire(ModelVersion& version) override;
  void Post(std::move_only_function<void()> task) override { workers_.Post(std::move(task)); }
  void At(Clock::time_point when, std::move_only_function<void()> task) override;

 private:
  Result<VersionLease> Find(const std::string& model, const std::string& version) const;

  Registry& registry_;
  Lifecycle& lifecycle_;
  ModelMetrics& metrics_;
  WorkerPool& workers_;
  Alarm& alarm_;
  std::mutex mutex_;  // guards what follows
  // How many there are of a name: a pipeline that takes another's place has the same members.
  std::map<std::pair<std::string, std::string>, std::size_t> own_;
};

}  // namespace plinth
