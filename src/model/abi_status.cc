#include "model/abi_status.h"

namespace plinth {

Code CodeOfStatus(plinth_status status) {
  switch (status) {
    case PLINTH_INVALID_ARGUMENT:
      return Code::kInvalidArgument;
    case PLINTH_NOT_FOUND:
      return Code::kNotFound;
    case PLINTH_INVALID_MODEL:
      return Code::kInvalidModel;
    case PLINTH_UNSUPPORTED:
      return Code::kUnimplemented;
    case PLINTH_RESOURCE_EXHAUSTED:
      return Code::kOutOfMemory;
    case PLINTH_CANCELLED:
      return Code::kCancelled;
    case PLINTH_DEADLINE_EXCEEDED:
      return Code::kDeadlineExceeded;
    case PLINTH_UNAVAILABLE:
      return Code::kUnavailable;
    default:
      return Code::kInternal;
  }
}

plinth_status StatusOfCode(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
    case Code::kPayloadTooLarge:
      return PLINTH_INVALID_ARGUMENT;
    case Code::kNotFound:
      return PLINTH_NOT_FOUND;
    case Code::kInvalidModel:
      return PLINTH_INVALID_MODEL;
    case Code::kUnimplemented:
    case Code::kFailedPrecondition:
      return PLINTH_UNSUPPORTED;
    case Code::kResourceExhausted:
    case Code::kOutOfMemory:
      return PLINTH_RESOURCE_EXHAUSTED;
    case Code::kCancelled:
      return PLINTH_CANCELLED;
    case Code::kDeadlineExceeded:
      return PLINTH_DEADLINE_EXCEEDED;
    case Code::kUnavailable:
      return PLINTH_UNAVAILABLE;
    default:
      return PLINTH_INTERNAL;
  }
}

}  // namespace plinth
