// Who takes the answers to one request where there may be several.
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace plinth {

class AnswerStream {
 public:
  virtual ~AnswerStream() = default;

  // One answer, its outputs in the order of the signature. From any thread, one at a time, before
  // the request's callback. `last`: there will be no other. Must not wait.
  virtual void Take(std::vector<NamedTensor> outputs, bool last) = 0;

  // Whether the client reads more slowly than the model answers, so that the next answer has to
  // wait.
  virtual bool full() const = 0;
};

}  // namespace plinth
