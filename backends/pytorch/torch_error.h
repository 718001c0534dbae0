// libtorch's exceptions as one sentence.
#pragma once

#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "common/failure.h"

namespace plinth::pytorch {

// The last line of TorchScript's traceback, "RuntimeError: mat1 and mat2 shapes cannot be
// multiplied", and what libtorch says without its C++ stack.
std::string CleanMessage(std::string_view message);

// Runs `call`, which returns a Result or a Status; what libtorch throws becomes a Failure of the
// given status.
template <typename Call>
std::invoke_result_t<Call> Catching(plinth_status status, Call&& call) {
  try {
    return std::forward<Call>(call)();
  } catch (const c10::OutOfMemoryError& e) {
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, CleanMessage(e.what_without_backtrace()));
  } catch (const c10::Error& e) {
    return kit::Fail(status, CleanMessage(e.what_without_backtrace()));
  } catch (const std::bad_alloc&) {
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED, "out of memory");
  } catch (const std::exception& e) {
    return kit::Fail(status, CleanMessage(e.what()));
  }
}

}  // namespace plinth::pytorch
