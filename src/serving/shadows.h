// Copies of requests for versions that are watched and not heeded.
//
// A copy shares the memory of the request and of the answer. It is made once the caller has been
// answered, runs on threads of its own at low priority and past the cache, is compared with the
// answer there, and is in no figure of the version but those of the shadow. So it neither delays
// nor fails the caller: whatever hinders it, the copy is dropped and counted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "serving/infer.h"
#include "serving/model_metrics.h"
#include "serving/release/shadow_record.h"
#include "serving/worker_pool.h"

namespace plinth {

class Shadows {
 public:
  // `metrics` outlives it.
  explicit Shadows(ModelMetrics& metrics) : metrics_(metrics) {}
  // Requires that nothing is in flight: Stop().
  ~Shadows() = default;

  // What to call instead of `done`: calls it and then, if the answer is one, has `request.shadow`
  // answer the same. Requires a shadow. The object outlives what is returned.
  InferCallback Mirror(const InferRequest& request, InferCallback done);

  // Takes on no more, and waits for what is in flight.
  void Stop();

  // Nothing if the version has never been a shadow.
  std::optional<ShadowFigures> Figures(const std::string& model, const std::string& version) const;

  // The version is gone. Nothing is known of it afterwards, provided that it has been retired.
  void Forget(const std::string& model, const std::string& version);

 private:
  struct Copy;
  using Name = std::pair<std::string, std::string>;  // of a model and a version

  void Take(std::unique_ptr<Copy> copy);
  bool Admit(Copy& copy);
  void Run(std::unique_ptr<Copy> copy);
  void Compare(const Copy& copy, const Result<InferResponse>& answer);
  // nullptr for a version that has none and is not ready any more.
  std::shared_ptr<ShadowRecord> RecordOf(const ModelVersion& version);

  ModelMetrics& metrics_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> bytes_{0};  // that copies in flight hold

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable idle_;
  std::size_t in_flight_ = 0;
  std::map<Name, std::shared_ptr<ShadowRecord>> records_;

  WorkerPool pool_{"plinth-shadow", 2, 10};
};

}  // namespace plinth
