// Any bytes as a model file of XGBoost, JSON or UBJSON.
#include "sklearn_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] != '{') return 0;
  plinth::fuzzing::ReadAndRun(data, size);
  return 0;
}
