#include "common/failure.h"

#include <cstring>

namespace plinth::kit {
namespace {

thread_local std::string last_error;

}  // namespace

plinth_status Report(Failure failure) noexcept {
  last_error = std::move(failure.message);
  return failure.status == PLINTH_OK ? PLINTH_INTERNAL : failure.status;
}

const char* LastError() noexcept { return last_error.c_str(); }

const char* KeepText(const char* text) noexcept { return strdup(text); }

}  // namespace plinth::kit
