// The way of one request for a model, the same for every protocol: it is decoded, its version is
// found, a lazy one is waited for, it runs, it is answered.
//
//   class MyCall final : public Inference { ... };
//   Run(service, std::make_shared<MyCall>(...));
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/infer/requested_version.h"
#include "base/status.h"
#include "serving/infer.h"
#include "serving/service.h"

namespace plinth::api {

// What a protocol knows of one request, from its arrival to its answer.
class Inference {
 public:
  explicit Inference(std::string name) : model(std::move(name)) {}
  virtual ~Inference() = default;
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;

  // Reads the request: inputs, outputs, timeout, priority and bypass_cache of an InferRequest. The
  // rest of it comes from `version`, on which Named(), Numbered() or Routed() was called last and
  // with success. Called again only after an UNAVAILABLE, once a lazy version is loaded. May throw
  // std::bad_alloc.
  virtual Result<InferRequest> Decode(RequestedVersion& version) = 0;

  // The value of a header of the request, or metadata; "" if there is none.
  virtual std::string_view Header(std::string_view name) const = 0;

  // Whether nobody waits for the answer any more. From any thread.
  virtual bool cancelled() const = 0;

  // Whether it takes several answers, of a model that may give them. Each is then a Part(), and the
  // response at the end has no outputs.
  virtual bool takes_parts() const { return false; }
  // From any thread, one at a time, before Answer(). `last`: there will be no other. Must not wait
  // or throw.
  virtual void Part(const InferResponse& /*part*/, bool /*last*/) {}
  // Bytes of parts that the client has not taken yet.
  virtual std::size_t unsent() const { return 0; }

  // Called exactly once, from any thread. Must not throw.
  virtual void Answer(Result<InferResponse> response) = 0;

  const std::string model;
  const Clock::time_point arrival = Clock::now();
};

// Never blocks. A request that fails before its version is known is counted as one of the newest
// version, if the model is there. `service` outlives the answer.
void Run(Service& service, const std::shared_ptr<Inference>& inference);

}  // namespace plinth::api
