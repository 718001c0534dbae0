#include "model/abi_call.h"

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "model/abi_status.h"
#include "model/abi_tensors.h"
#include "model/json_fields.h"
#include "model/model_caller.h"

namespace plinth {
namespace {

using Told = void (*)(void* context, const plinth_call_result* result);

void Tell(Told told, void* context, std::vector<NamedTensor> tensors) {
  std::vector<std::unique_ptr<NamedTensor>> held;
  std::vector<plinth_output> outputs;
  held.reserve(tensors.size());
  outputs.reserve(tensors.size());
  const auto release = [](void* tensor) { delete static_cast<NamedTensor*>(tensor); };
  for (NamedTensor& tensor : tensors) {
    held.push_back(std::make_unique<NamedTensor>(std::move(tensor)));
    outputs.push_back({ViewOf(*held.back()), held.back().get(), release});
  }
  for (auto& tensor : held) static_cast<void>(tensor.release());  // they are the backend's now
  const plinth_call_result result{sizeof(result), PLINTH_OK,     "OK", "",
                                  outputs.size(), outputs.data()};
  told(context, &result);
}

// Whom to answer.
class Reply {
 public:
  explicit Reply(const plinth_call& call) : done_(call.done), context_(call.context) {}

  void Answer(Result<ModelAnswer> answer) {
    if (done_ == nullptr) return;
    if (!answer) return Refuse(answer.error());
    Tell(done_, context_, std::move(answer->outputs));
    done_ = nullptr;
  }

  // Says what is wrong unless it has been answered.
  void Refuse(const Error& error) {
    const CodeInfo& info = InfoOf(error.code);
    const std::string code(info.name);
    const plinth_call_result result{
        sizeof(result), StatusOfCode(error.code), code.c_str(), error.message.c_str(), 0, nullptr};
    if (const auto done = std::exchange(done_, nullptr)) done(context_, &result);
  }

 private:
  Told done_;
  void* const context_;
};

// The answers of a decoupled model.
class ReplyParts final : public AnswerStream {
 public:
  ReplyParts(Told part, void* context) : part_(part), context_(context) {}

  void Take(std::vector<NamedTensor> outputs, bool /*last*/) override {
    Tell(part_, context_, std::move(outputs));
  }
  bool full() const override { return false; }  // part() waits itself

 private:
  const Told part_;
  void* const context_;
};

Result<std::shared_ptr<const RequestContext>> ReadContext(const plinth_call& call) {
  if (call.request_id == nullptr && call.parameters == nullptr) return nullptr;
  auto context = std::make_shared<RequestContext>();
  if (call.request_id != nullptr) context->id = call.request_id;
  if (call.parameters == nullptr) return context;
  const auto object = json::Document::ParseObject(call.parameters, "the parameters of the call");
  if (!object) return Fail(object.error());
  if (object->root().size() > 0) context->parameters = call.parameters;
  return context;
}

Result<ModelCall> Read(const plinth_call& call, const std::shared_ptr<const void>& keep_alive) {
  // Every input gets its owner before any is looked at: a bad one must not leak the others.
  std::vector<std::shared_ptr<OutputOwner>> owners;
  owners.reserve(call.input_count);
  for (std::size_t i = 0; i < call.input_count; ++i) {
    owners.push_back(std::make_shared<OutputOwner>(call.inputs[i], keep_alive));
  }
  if (call.model == nullptr || *call.model == '\0') {
    return Fail(Code::kInvalidArgument, "the call names no model");
  }
  ModelCall read{.model = call.model, .version = call.version ? call.version : ""};
  read.inputs.reserve(owners.size());
  for (const auto& owner : owners) {
    const char* name = owner->output.tensor.name;
    if (name == nullptr)
      return Fail(Code::kInvalidArgument, "the call has an input without a name");
    auto tensor = AdoptOutput(owner);
    if (!tensor) {
      return Fail(Code::kInvalidArgument,
                  "input '" + std::string(name) + "' of the call: " + tensor.error().message);
    }
    read.inputs.push_back({name, *std::move(tensor)});
  }
  for (std::size_t i = 0; i < call.output_count; ++i) read.outputs.emplace_back(call.outputs[i]);
  read.deadline = std::chrono::nanoseconds(call.deadline_ns);
  const bool says_part = call.struct_size > offsetof(plinth_call, part);
  if (says_part && call.part != nullptr)
    read.stream = std::make_shared<ReplyParts>(call.part, call.context);
  if (call.struct_size > offsetof(plinth_call, parameters)) {
    auto context = ReadContext(call);
    if (!context) return Fail(std::move(context.error()));
    read.context = *std::move(context);
  }
  return read;
}

}  // namespace

void CallModel(const plinth_call* call) {
  const auto reply = std::make_shared<Reply>(*call);
  try {
    const auto* const caller = static_cast<const ModelCaller*>(call->caller);
    auto read = Read(*call, caller == nullptr ? nullptr : caller->keep_alive());
    if (caller == nullptr) {
      return reply->Refuse({Code::kFailedPrecondition,
                            "other models can be called only while a request is executed"});
    }
    if (!read) return reply->Refuse(read.error());
    caller->Call(*std::move(read),
                 [reply](Result<ModelAnswer> answer) { reply->Answer(std::move(answer)); });
  } catch (const std::bad_alloc&) {
    reply->Refuse({Code::kOutOfMemory, "there is no memory for the call"});
  } catch (const std::exception& error) {
    reply->Refuse({Code::kInternal, error.what()});
  }
}

}  // namespace plinth
