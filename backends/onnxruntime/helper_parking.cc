#include "onnxruntime/helper_parking.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "onnxruntime/ort_runtime.h"

namespace plinth::onnx {
namespace {

// An ONNX model as a protobuf: opset 17 and version 1 of the domain "plinth"; a graph "park" whose
// only node, plinth.Park, has no input and gives y: BOOL [0].
constexpr std::array<unsigned char, 64> kModel{
    8,  8,   58,  42,  10,  17,  18,  1,  'y', 34,  4,   'P', 'a', 'r', 'k', 58,
    6,  'p', 'l', 'i', 'n', 't', 'h', 18, 4,   'p', 'a', 'r', 'k', 98,  15,  10,
    1,  'y', 18,  10,  10,  8,   8,   9,  18,  4,   10,  2,   8,   0,   66,  4,
    10, 0,   16,  17,  66,  10,  10,  6,  'p', 'l', 'i', 'n', 't', 'h', 16,  1};

// The node as ONNX Runtime wants it described. Lives as long as the session.
OrtCustomOp ParkOp(OrtStatusPtr (*compute)(void*, OrtKernelContext*)) {
  OrtCustomOp op{};
  op.version = ORT_API_VERSION;
  op.GetName = [](const OrtCustomOp*) { return "Park"; };
  op.GetExecutionProviderType = [](const OrtCustomOp*) -> const char* { return nullptr; };
  op.GetInputTypeCount = [](const OrtCustomOp*) -> std::size_t { return 0; };
  op.GetOutputTypeCount = [](const OrtCustomOp*) -> std::size_t { return 1; };
  op.GetOutputType = [](const OrtCustomOp*, std::size_t) {
    return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  };
  op.GetOutputCharacteristic = [](const OrtCustomOp*, std::size_t) {
    return INPUT_OUTPUT_REQUIRED;
  };
  op.GetStartVersion = [](const OrtCustomOp*) { return 1; };
  op.GetEndVersion = [](const OrtCustomOp*) { return 1; };
  op.CreateKernelV2 = [](const OrtCustomOp* self, const OrtApi*, const OrtKernelInfo*,
                         void** kernel) -> OrtStatusPtr {
    *kernel = const_cast<OrtCustomOp*>(self);  // it keeps nothing, but must not be nullptr
    return nullptr;
  };
  op.KernelDestroy = [](void*) {};
  op.KernelComputeV2 = compute;
  return op;
}

}  // namespace

thread_local HelperParking::Place* HelperParking::offered_ = nullptr;

HelperParking::HelperParking(std::size_t helpers, const plinth_host* host)
    : helpers_(helpers), host_(host), places_(helpers) {
  for (Place& place : places_) place.parking = this;
}

void HelperParking::Begin() {
  const std::lock_guard lock(mutex_);
  const std::size_t wanted = std::min(running_++, helpers_);
  while (taken_ < wanted) {
    Place& place = places_[taken_++];
    if (!std::exchange(place.served, true)) StartServing(place);
    place.NextTurn();
  }
  while (taken_ > wanted) places_[--taken_].NextTurn();
}

void HelperParking::End() {
  const std::lock_guard lock(mutex_);
  --running_;
}

void HelperParking::StartServing(Place& place) {
  try {
    std::thread([this, &place] { Serve(place); }).detach();
  } catch (const std::exception& error) {
    // Nobody will sleep there.
    host_->log(PLINTH_LOG_WARNING,
               (std::string("cannot start a thread for ONNX Runtime: ") + error.what()).c_str());
  }
}

// The life of a place's thread.
void HelperParking::Serve(Place& place) {
  std::call_once(session_once_, [this] { OpenSession(); });
  if (session_ == nullptr) return;
  offered_ = &place;
  for (;;) {
    const std::uint32_t turn = place.turn;
    if (turn % 2 == 0) {
      place.turn.wait(turn);
      continue;
    }
    const char* name = "y";
    OrtValue* value = nullptr;
    const StatusHandle status(Api().Run(session_, nullptr, nullptr, nullptr, 0, &name, 1, &value));
    const ValueHandle owner(value);
    if (status != nullptr) return;
  }
}

void HelperParking::OpenSession() {
  static const OrtCustomOp op =
      ParkOp([](void*, OrtKernelContext* context) { return OfferPlace(context); });
  const auto open = [this]() -> kit::Status {
    if (auto s = Check(Api().CreateCustomOpDomain("plinth", &domain_)); !s) return s;
    if (auto s = Check(Api().CustomOpDomain_Add(domain_, &op)); !s) return s;
    OrtSessionOptions* options = nullptr;
    if (auto s = Check(Api().CreateSessionOptions(&options)); !s) return s;
    const SessionOptionsHandle owner(options);
    if (auto s = Check(Api().AddCustomOpDomain(options, domain_)); !s) return s;
    if (auto s = Check(Api().DisablePerSessionThreads(options)); !s) return s;
    return Check(Api().CreateSessionFromArray(Environment(), kModel.data(), kModel.size(), options,
                                              &session_));
  };
  if (const auto opened = open(); !opened) {
    const std::string text = "ONNX Runtime's calls cannot share the processors: ";
    host_->log(PLINTH_LOG_WARNING, (text + opened.error().message).c_str());
  }
}

// The node: two pieces of work, the second of them for a helper. Both last as long as the place is
// taken.
OrtStatusPtr HelperParking::OfferPlace(OrtKernelContext* context) {
  constexpr std::int64_t kNothing = 0;
  OrtValue* output = nullptr;
  if (OrtStatusPtr status = Api().KernelContext_GetOutput(context, 0, &kNothing, 1, &output)) {
    return status;
  }
  const auto sleep = [](void* argument, std::size_t) {
    Place& place = *static_cast<Place*>(argument);
    const std::uint32_t turn = place.offered;
    const bool helper = offered_ == nullptr;
    if (helper) ++place.parking->parked_;
    place.turn.wait(turn);
    if (helper) --place.parking->parked_;
  };
  Place& place = *offered_;
  const std::uint32_t turn = place.turn;
  if (turn % 2 == 0) return nullptr;  // given up again already
  place.offered = turn;
  return Api().KernelContext_ParallelFor(context, sleep, 2, 0, &place);
}

}  // namespace plinth::onnx
