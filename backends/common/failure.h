// Errors inside a backend: values that end as a plinth_status and a message for last_error().
#pragma once

#include <exception>
#include <expected>
#include <new>
#include <string>
#include <utility>

#include "plinth/backend.h"

namespace plinth::kit {

// Why a call failed: one sentence that says what was wrong and what was expected.
struct Failure {
  plinth_status status = PLINTH_INTERNAL;
  std::string message;
};

template <typename T>
using Result = std::expected<T, Failure>;
using Status = Result<void>;

// return Fail(PLINTH_INVALID_MODEL, "the file is empty");
[[nodiscard]] inline std::unexpected<Failure> Fail(plinth_status status, std::string message) {
  return std::unexpected(Failure{status, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Failure> Fail(Failure failure) {
  return std::unexpected(std::move(failure));
}

// What a call gives that was ended because the host told it to stop.
[[nodiscard]] inline std::unexpected<Failure> FailStopped() {
  return Fail(PLINTH_CANCELLED, "the call was stopped while it ran");
}

// Keeps the message for LastError() on this thread and returns the status.
plinth_status Report(Failure failure) noexcept;

// The message of the last Report() on this thread; "" if there was none.
const char* LastError() noexcept;

// A copy that is never freed, for texts that the ABI wants to live as long as the process. For
// plinth_backend_entry(), which one thread calls.
const char* KeepText(const std::string& text);

// Runs `call`, which returns a Status, as the body of an ABI function: no exception leaves it.
template <typename Call>
plinth_status Guard(Call&& call) noexcept {
  try {
    Status status = std::forward<Call>(call)();
    return status ? PLINTH_OK : Report(std::move(status.error()));
  } catch (const std::bad_alloc&) {
    return Report({PLINTH_RESOURCE_EXHAUSTED, "out of memory"});
  } catch (const std::exception& e) {
    return Report({PLINTH_INTERNAL, e.what()});
  } catch (...) {
    return Report({PLINTH_INTERNAL, "the runtime threw something that is no std::exception"});
  }
}

}  // namespace plinth::kit
