#include "common/calls.h"

#include <cstddef>
#include <span>
#include <utility>

namespace plinth::kit {
namespace {

void Release(std::span<const plinth_output> outputs) {
  for (const plinth_output& output : outputs) {
    if (output.release != nullptr) output.release(output.release_context);
  }
}

}  // namespace

const void* CallerOf(const plinth_execute_request& request) {
  const bool told = request.struct_size > offsetof(plinth_execute_request, caller);
  return told ? request.caller : nullptr;
}

RequestTexts TextsOf(const plinth_execute_request& request) {
  RequestTexts texts;
  if (request.struct_size <= offsetof(plinth_execute_request, parameters)) return texts;
  if (request.request_id != nullptr) texts.id = request.request_id;
  if (request.parameters != nullptr) texts.parameters = request.parameters;
  return texts;
}

void CallModel(const plinth_host* host, const plinth_call& call) {
  const bool can = host != nullptr && host->struct_size > offsetof(plinth_host, call);
  if (can && host->call != nullptr) return host->call(&call);
  Release({call.inputs, call.input_count});
  const plinth_call_result result{sizeof(result),
                                  PLINTH_UNSUPPORTED,
                                  "UNIMPLEMENTED",
                                  "models of this host cannot call each other",
                                  0,
                                  nullptr};
  call.done(call.context, &result);
}

CallAnswer::CallAnswer(const plinth_call_result& result)
    : status_(result.status),
      code_(result.code),
      message_(result.message),
      outputs_(result.outputs, result.outputs + result.output_count) {}

CallAnswer::CallAnswer(CallAnswer&& other) noexcept
    : status_(other.status_),
      code_(std::move(other.code_)),
      message_(std::move(other.message_)),
      outputs_(std::exchange(other.outputs_, {})) {}

CallAnswer::~CallAnswer() { Release(outputs_); }

std::vector<plinth_tensor> CallAnswer::tensors() const {
  std::vector<plinth_tensor> tensors;
  tensors.reserve(outputs_.size());
  for (const plinth_output& output : outputs_) tensors.push_back(output.tensor);
  return tensors;
}

}  // namespace plinth::kit
