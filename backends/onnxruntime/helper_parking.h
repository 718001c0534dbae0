// Divides the processors among the calls that run at once on ONNX Runtime's common pool.
//
// The pool has a helper thread for each processor but one, and a call spreads every node of its
// graph over its own thread and all helpers, however many calls there are. That is right for one
// call. Two calls on two processors, however, wait for each other's helper again and again, and
// they wait by spinning: 15 to 20 % of the throughput is lost. A lower priority for the helpers
// makes it worse, since a helper that has begun a piece of work then starves while its call spins.
//
// So there is one helper less for each further call: it is parked. A parked helper sleeps within a
// parallel section of a session of our own, whose one node does nothing else. Pieces of work that a
// call offers to it meanwhile are taken back by the call when its own thread has done all others.
//
// Invariants:
// - After the start of a call, as many helpers are to be parked as there are other calls, at most
//   all. The end of a call changes nothing: mostly the next one follows at once.
// - A helper parks only between two pieces of work: no call ever waits for a parked one.
// - Whatever fails here costs speed only.
#pragma once

#include <onnxruntime_c_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "plinth/backend.h"

namespace plinth::onnx {

// Lives as long as the process, as the pool does: its threads are never joined. Thread-safe.
class HelperParking {
 public:
  // For the pool of Environment(), which has `helpers` threads besides the callers. Warnings go to
  // `host`.
  HelperParking(std::size_t helpers, const plinth_host* host);
  HelperParking(const HelperParking&) = delete;
  HelperParking& operator=(const HelperParking&) = delete;

  // A call on the pool, while it lives. `parking` may be nullptr: a call on threads of its own.
  class Call {
   public:
    explicit Call(HelperParking* parking) : parking_(parking) {
      if (parking_ != nullptr) parking_->Begin();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call() {
      if (parking_ != nullptr) parking_->End();
    }

   private:
    HelperParking* parking_;
  };

  std::size_t helpers() const { return helpers_; }

  // How many of them are parked at the moment.
  int parked() const { return parked_.load(); }

 private:
  // One place for a helper.
  struct Place {
    HelperParking* parking = nullptr;
    bool served = false;  // by a thread, started when the place is first needed
    // Goes up whenever the place is taken (odd: a helper is to sleep here) and given up. Who sleeps
    // here waits for any other number than the one it came at, so that nobody sleeps through a
    // quick end and new beginning that the other of the two has seen.
    std::atomic<std::uint32_t> turn{0};
    // The number that those who sleep here now came at.
    std::atomic<std::uint32_t> offered{0};

    void NextTurn() {
      ++turn;
      turn.notify_all();
    }
  };

  void Begin();
  void End();
  void StartServing(Place& place);
  void Serve(Place& place);
  void OpenSession();
  static OrtStatusPtr OfferPlace(OrtKernelContext* context);

  // The place that this thread offers, if it offers one.
  static thread_local Place* offered_;

  const std::size_t helpers_;
  const plinth_host* const host_;
  std::atomic<int> parked_{0};

  std::once_flag session_once_;
  OrtCustomOpDomain* domain_ = nullptr;  // the session uses it; neither is ever freed
  OrtSession* session_ = nullptr;        // nullptr if it could not be made

  std::mutex mutex_;  // guards what follows
  std::size_t running_ = 0;
  std::size_t taken_ = 0;      // the first of places_ are taken
  std::vector<Place> places_;  // helpers_
};

}  // namespace plinth::onnx
