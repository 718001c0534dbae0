// What all inference over REST has in common: whom it is for and how it is answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/infer/inference.h"
#include "api/openinference/rest.h"
#include "base/status.h"
#include "net/http.h"

namespace plinth::api::openinference {

class RestInference : public Inference {
 public:
  RestInference(RestContext& context, RestCall call);

  std::string_view Header(std::string_view name) const override { return request_.Find(name); }
  bool cancelled() const override { return responder_.cancelled(); }
  void Answer(Result<InferResponse> response) override;

 protected:
  // The answer to a request that has run.
  virtual Result<net::HttpResponse> Encode(const InferResponse& response) = 0;

  RestContext& context() const { return context_; }
  const net::HttpRequest& request() const { return request_; }
  net::Responder& responder() { return responder_; }
  net::HttpResponse ResponseTo(const Result<InferResponse>& response);
  // So that what no tensor shares takes no memory while the model runs.
  void DropRequest() { request_ = {}; }

  // Fails if there is no such model, which is told before what is wrong with the body.
  Status CheckModel(RequestedVersion& version);
  // The version that the path names, or one for that sticky key.
  Result<const Signature*> Choose(RequestedVersion& version,
                                  const std::optional<std::string>& sticky_key);

 private:
  RestContext& context_;
  const std::string version_;  // as the path names it; empty: none
  net::HttpRequest request_;
  net::Responder responder_;
  bool no_version_ = false;
};

}  // namespace plinth::api::openinference
