#include "common/failure.h"

#include <forward_list>

namespace plinth::kit {
namespace {

thread_local std::string last_error;

}  // namespace

plinth_status Report(Failure failure) noexcept {
  last_error = std::move(failure.message);
  return failure.status == PLINTH_OK ? PLINTH_INTERNAL : failure.status;
}

const char* LastError() noexcept { return last_error.c_str(); }

const char* KeepText(const std::string& text) {
  static auto* kept = new std::forward_list<std::string>;  // reachable: no leak
  return kept->emplace_front(text).c_str();
}

}  // namespace plinth::kit
