// joblib's way of keeping arrays: a NumpyArrayWrapper object in the pickle, and behind it the
// array's bytes.
#pragma once

#include "base/status.h"
#include "pickle/stream.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// What a NumpyArrayWrapper says about the array that follows.
struct ArrayNote {
  const DType* dtype = nullptr;
  std::vector<std::size_t> shape;
  bool fortran = false;
  bool padded =
      false;  // a byte with the length of the padding, and the padding, come before the contents
};

Result<ArrayNote> ReadArrayNote(const Value& wrapper);

// Takes the contents from the stream. Not for arrays of objects, which are a pickle of their own.
Result<Array> TakeArray(const ArrayNote& note, Stream& stream);

}  // namespace plinth::sklearn
