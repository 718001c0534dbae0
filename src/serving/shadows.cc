#include "serving/shadows.h"

#include <chrono>
#include <span>
#include <vector>

#include "serving/input_check.h"
#include "serving/turn.h"
#include "serving/version_server.h"

namespace plinth {
namespace {

// Copies for one version that may be in flight: more show nothing new.
constexpr std::uint64_t kMaxCopies = 64;
// What all copies may hold. The bodies of requests are bounded together, and a shadow that hangs
// must not use that up.
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
// A copy's deadline where the model's own is not sooner.
constexpr std::chrono::seconds kTimeout{30};

std::size_t BytesOf(std::span<const NamedTensor> tensors) {
  std::size_t bytes = 0;
  for (const NamedTensor& named : tensors) bytes += named.tensor.data().size();
  return bytes;
}

// Says nothing of the model: nobody waited any more, or others were in the way.
bool IsNoVerdict(Code code) {
  return code == Code::kCancelled || code == Code::kResourceExhausted || code == Code::kUnavailable;
}

}  // namespace

// Holds leases on both versions: on the shadow to run, on the other because of its outputs' memory.
struct Shadows::Copy {
  explicit Copy(Shadows* s) : shadows(s) {}
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() {
    if (!admitted) return;
    shadows->bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    record->Leave();
    const std::lock_guard lock(shadows->mutex_);
    if (--shadows->in_flight_ == 0) shadows->idle_.notify_all();
  }

  Shadows* shadows;
  InferRequest request;  // for the shadow
  VersionLease primary;
  std::vector<NamedTensor> expected;  // what the primary answered
  std::shared_ptr<ShadowRecord> record;
  std::size_t bytes = 0;
  bool admitted = false;
};

InferCallback Shadows::Mirror(const InferRequest& request, InferCallback done) {
  auto copy = std::make_unique<Copy>(this);
  copy->primary = request.version;
  copy->request.version = request.shadow;
  copy->request.inputs = request.inputs;
  copy->request.outputs = request.outputs;
  copy->request.context = request.context;
  return [this, copy = std::move(copy),
          done = std::move(done)](Result<InferResponse> response) mutable {
    if (!response) return done(std::move(response));
    copy->expected = response->outputs;
    done(std::move(response));
    // Waking another thread takes longer than a cheap model does.
    AtTurnEnd([this, copy = std::move(copy)]() mutable { Take(std::move(copy)); });
  };
}

void Shadows::Take(std::unique_ptr<Copy> copy) {
  copy->record = RecordOf(*copy->request.version);
  if (copy->record == nullptr) return;
  copy->bytes = BytesOf(copy->request.inputs) + BytesOf(copy->expected);
  if (!Admit(*copy)) return copy->record->AddDropped();
  pool_.Post([this, copy = std::move(copy)]() mutable { Run(std::move(copy)); });
}

bool Shadows::Admit(Copy& copy) {
  if (stopping_.load() || !copy.record->Enter(kMaxCopies)) return false;
  if (bytes_.fetch_add(copy.bytes, std::memory_order_relaxed) + copy.bytes > kMaxBytes) {
    bytes_.fetch_sub(copy.bytes, std::memory_order_relaxed);
    copy.record->Leave();
    return false;
  }
  const std::lock_guard lock(mutex_);
  ++in_flight_;
  copy.admitted = true;
  return true;
}

void Shadows::Run(std::unique_ptr<Copy> copy) {
  InferRequest request = std::move(copy->request);
  // Neither version's unloading waits for copies.
  ModelVersion* const shadow = &*request.version;
  ModelVersion* const primary = &*copy->primary;
  request.cancelled = [this, shadow, primary] {
    return stopping_.load(std::memory_order_relaxed) || shadow->state() != VersionState::kReady ||
           primary->state() != VersionState::kReady;
  };
  if (request.cancelled()) return copy->record->AddDropped();
  request.arrival = Clock::now();
  request.timeout = kTimeout;
  request.priority = Priority::kLow;
  const auto rows = CheckInputs(shadow->signature(), request.inputs);
  if (!rows) return copy->record->AddError(rows.error().message);
  auto wanted = CheckOutputs(shadow->signature(), request.outputs);
  if (!wanted) return copy->record->AddError(wanted.error().message);
  // Compared here again: the thread that answers may have others' requests to run.
  VersionServer::Of(*shadow).SubmitCopy(
      std::move(request), *std::move(wanted), *rows,
      [this, copy = std::move(copy)](Result<InferResponse> answer) mutable {
        pool_.Post(
            [this, copy = std::move(copy), answer = std::move(answer)] { Compare(*copy, answer); });
      });
}

void Shadows::Compare(const Copy& copy, const Result<InferResponse>& answer) {
  if (answer) return copy.record->AddComparison(CompareOutputs(copy.expected, answer->outputs));
  if (IsNoVerdict(answer.error().code)) return copy.record->AddDropped();
  copy.record->AddError(answer.error().message);
}

void Shadows::Stop() {
  stopping_.store(true);
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return in_flight_ == 0; });
}

std::shared_ptr<ShadowRecord> Shadows::RecordOf(const ModelVersion& version) {
  const Name name(version.name(), version.version());
  const std::lock_guard lock(mutex_);
  const auto found = records_.find(name);
  if (found != records_.end()) return found->second;
  if (version.state() != VersionState::kReady) return nullptr;
  auto record = std::make_shared<ShadowRecord>(metrics_.ForShadow(name.first, name.second));
  records_.emplace(name, record);
  return record;
}

std::optional<ShadowFigures> Shadows::Figures(const std::string& model,
                                              const std::string& version) const {
  const std::lock_guard lock(mutex_);
  const auto found = records_.find({model, version});
  if (found == records_.end()) return std::nullopt;
  return found->second->figures();
}

void Shadows::Forget(const std::string& model, const std::string& version) {
  const std::lock_guard lock(mutex_);
  records_.erase({model, version});
}

}  // namespace plinth
