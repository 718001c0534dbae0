// Any bytes as a pickle, joblib or skops file.
#include "sklearn_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  plinth::fuzzing::ReadAndRun(data, size);
  return 0;
}
