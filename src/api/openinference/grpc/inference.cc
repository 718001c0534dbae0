#include "api/openinference/grpc/inference.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/infer/inference.h"
#include "api/openinference/errors.h"
#include "api/openinference/grpc/infer_reader.h"
#include "api/openinference/grpc/infer_writer.h"
#include "api/openinference/infer_answer.h"
#include "api/openinference/infer_start.h"
#include "api/openinference/version_error.h"

namespace plinth::api::openinference {
namespace {

using net::GrpcCall;
using net::GrpcMessage;
using net::GrpcStatus;
using net::GrpcWriter;

Error OutOfMemory() { return {Code::kOutOfMemory, "there is no memory left for this answer"}; }

// `write` may throw std::bad_alloc.
template <typename Function>
Result<GrpcMessage> Guarded(Function write) {
  try {
    return write();
  } catch (const std::bad_alloc&) {
    return Fail(OutOfMemory());
  }
}

// Who has asked, and waits: in a stream one of several.
class Asker {
 public:
  virtual ~Asker() = default;
  virtual bool cancelled() const = 0;
  virtual bool in_stream() const = 0;
  // One of several answers to a request. In a stream only.
  virtual void Part(GrpcMessage /*answer*/) {}
  virtual std::size_t unsent() const { return 0; }
  // Called once for each request, at its end. `id` is the request's. An empty message: all has been
  // said.
  virtual void Answer(Result<GrpcMessage> answer, std::string_view id) = 0;
};

class GrpcInference final : public Inference {
 public:
  GrpcInference(Context& context, std::shared_ptr<const GrpcCall> call, Buffer message,
                const InferHead& head, std::shared_ptr<Asker> asker)
      : Inference(std::string(head.model)),
        context_(context),
        call_(std::move(call)),
        message_(std::move(message)),
        version_(head.version),
        id_(head.id),
        asker_(std::move(asker)) {}

  Result<InferRequest> Decode(RequestedVersion& version) override;
  std::string_view Header(std::string_view name) const override { return call_->Find(name); }
  bool cancelled() const override { return asker_->cancelled(); }
  bool takes_parts() const override { return asker_->in_stream(); }
  void Part(const InferResponse& part, bool last) override;
  std::size_t unsent() const override { return asker_->unsent(); }
  void Answer(Result<InferResponse> response) override;

 private:
  Result<GrpcMessage> AnswerTo(const Result<InferResponse>& response) const;
  Result<GrpcMessage> Write(const InferResponse& response, bool last) const;
  // What ends a request that has been answered part by part.
  GrpcMessage FinalMessage(const InferResponse& response) const;

  Context& context_;
  const std::shared_ptr<const GrpcCall> call_;
  Buffer message_;
  const std::string version_;  // empty: none is named
  const std::string id_;
  const std::shared_ptr<Asker> asker_;
  InferBody body_;
  SharedInputs shared_;
  bool no_version_ = false;  // what was asked for is not there
  bool said_last_ = false;   // a part was the last, and has said so
  std::optional<Error> bad_part_;
};

Result<InferRequest> GrpcInference::Decode(RequestedVersion& version) {
  if (auto known = version.Presumed(); !known && known.error().code == Code::kNotFound) {
    no_version_ = true;  // is told before what is wrong with the message
    return Fail(std::move(known.error()));
  }
  auto body = ReadInferBody(message_, model, version.sticky_field(), context_.shared_memory);
  if (!body) return Fail(std::move(body.error()));
  const auto chosen =
      version_.empty() ? version.Routed(body->sticky_key) : version.Numbered(version_);
  no_version_ = !chosen;
  if (!chosen) return Fail(chosen.error());
  auto request = StartInference(*body, version.chosen(), shared_);
  if (!request) return request;
  body_ = *std::move(body);
  if (call_->deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(*call_->deadline - arrival);
    const auto timeout = std::max(left, std::chrono::milliseconds(1));
    request->timeout = request->timeout ? std::min(*request->timeout, timeout) : timeout;
  }
  message_ = {};  // what no tensor shares takes no memory while the model runs
  return request;
}

void GrpcInference::Part(const InferResponse& part, bool last) {
  if (bad_part_) return;
  auto message = Guarded([&] { return Write(part, last); });
  if (!message) {
    bad_part_ = std::move(message.error());
    return;
  }
  said_last_ = last;
  asker_->Part(*std::move(message));
}

void GrpcInference::Answer(Result<InferResponse> response) {
  asker_->Answer(Guarded([&] { return AnswerTo(response); }), id_);
}

Result<GrpcMessage> GrpcInference::AnswerTo(const Result<InferResponse>& response) const {
  if (!response) {
    return Fail(no_version_ ? VersionError(context_.service, model, version_, response.error())
                            : response.error());
  }
  if (takes_parts() && response->version->signature().decoupled) {
    if (bad_part_) return Fail(*bad_part_);
    return FinalMessage(*response);
  }
  return Write(*response, true);
}

Result<GrpcMessage> GrpcInference::Write(const InferResponse& response, bool last) const {
  if (auto whole = CheckShared(shared_); !whole) return Fail(std::move(whole.error()));
  const auto outputs = PrepareOutputs(body_, response);
  if (!outputs) return Fail(outputs.error());
  const auto marked = asker_->in_stream() ? std::optional(last) : std::nullopt;
  return WriteInferResponse(response, id_, *outputs, marked, TakeSteps(body_));
}

GrpcMessage GrpcInference::FinalMessage(const InferResponse& response) const {
  if (said_last_ || !body_.empty_final_response) return {};
  return WriteInferResponse(response, id_, {}, true);
}

void Begin(Context& context, std::shared_ptr<const GrpcCall> call, Buffer message,
           std::shared_ptr<Asker> asker) {
  const auto head = ReadInferHead({message.As<char>(), message.size()});
  if (!head) return asker->Answer(Fail(head.error()), "");
  Run(context.service,
      std::make_shared<GrpcInference>(context, std::move(call), message, *head, std::move(asker)));
}

// ---- One request

class UnaryAsker final : public Asker {
 public:
  explicit UnaryAsker(GrpcWriter writer) : writer_(std::move(writer)) {}
  bool cancelled() const override { return writer_.cancelled(); }
  bool in_stream() const override { return false; }
  void Answer(Result<GrpcMessage> answer, std::string_view) override {
    if (!answer) return writer_.Finish(StatusOf(answer.error()));
    writer_.Reply(*std::move(answer));
  }

 private:
  GrpcWriter writer_;
};

// ---- A stream of them

// What the requests of a stream share. The last of them ends the call, unless it has ended before.
class StreamAsker final : public Asker {
 public:
  StreamAsker(GrpcWriter writer, bool ends_at_error)
      : ends_at_error_(ends_at_error), writer_(std::move(writer)) {}

  bool in_stream() const override { return true; }

  bool cancelled() const override {
    const std::lock_guard lock(mutex_);
    return !writer_ || writer_->cancelled();
  }

  void Asked() {
    const std::lock_guard lock(mutex_);
    ++waiting_;
  }

  // The client sends no more.
  void Ended() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    FinishIfDone();
  }

  void Part(GrpcMessage answer) override {
    const std::lock_guard lock(mutex_);
    if (writer_) writer_->Send(WriteStreamAnswer(std::move(answer)));
  }

  std::size_t unsent() const override {
    const std::lock_guard lock(mutex_);
    return writer_ ? writer_->unsent() : 0;
  }

  void Answer(Result<GrpcMessage> answer, std::string_view id) override {
    const std::lock_guard lock(mutex_);
    --waiting_;
    if (!writer_) return;
    if (answer) {
      if (!answer->empty()) writer_->Send(WriteStreamAnswer(*std::move(answer)));
    } else if (ends_at_error_) {
      return Finish(StatusOf(answer.error()));
    } else {
      writer_->Send(WriteStreamError(AsTriton(answer.error()).message, id));
    }
    FinishIfDone();
  }

 private:
  // These require mutex_.
  void FinishIfDone() {
    if (ended_ && waiting_ == 0 && writer_) Finish({});
  }
  void Finish(GrpcStatus status) {
    writer_->Finish(std::move(status));
    writer_.reset();
  }

  const bool ends_at_error_;
  mutable std::mutex mutex_;          // guards what follows
  std::optional<GrpcWriter> writer_;  // until the call has ended
  std::size_t waiting_ = 0;           // requests without an answer
  bool ended_ = false;
};

class StreamReader final : public net::GrpcReader {
 public:
  StreamReader(Context& context, GrpcCall call, GrpcWriter writer)
      : context_(context),
        call_(std::make_shared<const GrpcCall>(std::move(call))),
        asker_(std::make_shared<StreamAsker>(std::move(writer),
                                             call_->Find("triton_grpc_error") == "true")) {}

  void OnMessage(Buffer message) override {
    asker_->Asked();
    Begin(context_, call_, std::move(message), asker_);
  }
  void OnEnd() override { asker_->Ended(); }

 private:
  Context& context_;
  const std::shared_ptr<const GrpcCall> call_;
  const std::shared_ptr<StreamAsker> asker_;
};

}  // namespace

GrpcStatus StatusOf(const Error& error) { return GrpcStatus::FromError(AsTriton(error)); }

void ModelInfer(Context& context, GrpcCall call, Buffer message, GrpcWriter writer) {
  Begin(context, std::make_shared<const GrpcCall>(std::move(call)), std::move(message),
        std::make_shared<UnaryAsker>(std::move(writer)));
}

std::unique_ptr<net::GrpcReader> ModelStreamInfer(Context& context, GrpcCall call,
                                                  GrpcWriter writer) {
  return std::make_unique<StreamReader>(context, std::move(call), std::move(writer));
}

}  // namespace plinth::api::openinference
