#include "api/infer/inference.h"

#include <new>
#include <utility>
#include <vector>

namespace plinth::api {
namespace {

// A model may be unloaded again before the request that had it loaded gets to it; but not for ever.
constexpr int kMaxLoads = 5;

// The next part waits while the client has not taken so many bytes of those before it.
constexpr std::size_t kMostUnsent = std::size_t{1} << 20;

// The parts of an answer, from the model to the protocol.
class Parts final : public AnswerStream {
 public:
  Parts(std::shared_ptr<Inference> inference, VersionLease version)
      : inference_(std::move(inference)), version_(std::move(version)) {}

  void Take(std::vector<NamedTensor> outputs, bool last) override {
    inference_->Part({.version = version_, .outputs = std::move(outputs)}, last);
  }
  bool full() const override { return inference_->unsent() > kMostUnsent; }

 private:
  const std::shared_ptr<Inference> inference_;
  const VersionLease version_;
};

void Attempt(Service& service, const std::shared_ptr<Inference>& inference, int loads);

void AttemptOnceLoaded(Service& service, const std::shared_ptr<Inference>& inference,
                       const std::string& version, int loads) {
  service.Wake(inference->model, version, inference->arrival,
               [&service, inference, loads](const Status& loaded) {
                 if (!loaded) return inference->Answer(Fail(loaded.error()));
                 Attempt(service, inference, loads + 1);
               });
}

Result<InferRequest> Decode(Inference& inference, RequestedVersion& version) {
  try {
    return inference.Decode(version);
  } catch (const std::bad_alloc&) {
    return Fail(Code::kOutOfMemory, "there is no memory left for this request");
  }
}

// `loads` are those that the request has waited for.
void Attempt(Service& service, const std::shared_ptr<Inference>& inference, int loads) {
  RequestedVersion version(service, inference->model,
                           [&](std::string_view name) { return inference->Header(name); });
  auto request = Decode(*inference, version);
  if (!request) {
    const Code code = request.error().code;
    if (code == Code::kUnavailable && loads < kMaxLoads &&
        service.Rests(inference->model, version.refused())) {
      return AttemptOnceLoaded(service, inference, version.refused(), loads);
    }
    if (const VersionLease* const lease = version.ForFailure())
      service.CountFailure(*lease, code, inference->arrival);
    return inference->Answer(Fail(std::move(request.error())));
  }
  request->names_version = version.named();
  Routed routed = std::move(version).Take();
  request->version = std::move(routed.version);
  request->shadow = std::move(routed.shadow);
  request->arrival = inference->arrival;
  if (request->version->signature().decoupled && inference->takes_parts()) {
    request->stream = std::make_shared<Parts>(inference, request->version);
  }
  request->cancelled = [inference] { return inference->cancelled(); };
  service.Infer(*std::move(request), [inference](Result<InferResponse> response) {
    inference->Answer(std::move(response));
  });
}

}  // namespace

void Run(Service& service, const std::shared_ptr<Inference>& inference) {
  Attempt(service, inference, 0);
}

}  // namespace plinth::api
