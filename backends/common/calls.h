// Calls of other models through the host, for backends whose models make them.
#pragma once

#include <string>
#include <vector>

#include "plinth/backend.h"

namespace plinth::kit {

// On whose behalf the execution calls, or nullptr where it may not.
const void* CallerOf(const plinth_execute_request& request);

// What the client says of the request beside its tensors; "" where it says nothing.
struct RequestTexts {
  const char* id = "";
  const char* parameters = "";  // a JSON object
};
RequestTexts TextsOf(const plinth_execute_request& request);

// As plinth_call has texts that need not be given: nullptr for an empty one.
inline const char* TextOrNull(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

// plinth_host.call. A host that has none (nullptr, or an older one) refuses the call, as one does
// that answers at once.
void CallModel(const plinth_host* host, const plinth_call& call);

// What a called model gave. Takes the outputs over from `done`, and gives them back at its end.
class CallAnswer {
 public:
  explicit CallAnswer(const plinth_call_result& result);
  CallAnswer(CallAnswer&& other) noexcept;
  CallAnswer& operator=(CallAnswer&&) = delete;
  ~CallAnswer();

  plinth_status status() const { return status_; }
  // "OK", or the error's name in the API.
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }
  // Valid until this ends.
  std::vector<plinth_tensor> tensors() const;

 private:
  plinth_status status_;
  std::string code_;
  std::string message_;
  std::vector<plinth_output> outputs_;
};

}  // namespace plinth::kit
