// A model's signature as owning C++ values, and as the ABI's view of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plinth/backend.h"

namespace plinth::kit {

struct Spec {
  std::string name;
  plinth_dtype dtype = PLINTH_DTYPE_ANY;
  // None: the rank is unknown. -1: the size may vary.
  std::optional<std::vector<std::int64_t>> shape = std::nullopt;
  std::int32_t batch_axis = -1;
  bool optional = false;
};

// What the user declared, copied.
std::vector<Spec> CopySpecs(const plinth_tensor_spec* specs, std::size_t count);

// Sets batch_axis to 0 everywhere if the first dimension of every input and output may vary, to -1
// otherwise: only then can requests be joined.
void OpenBatchAxis(std::vector<Spec>& inputs, std::vector<Spec>& outputs);

// What plinth_signature says of a model beside its tensors.
struct Traits {
  bool concurrent = false;
  bool stateful = false;
  bool waits = false;
  bool decoupled = false;
  bool uses_parameters = false;
};

// Never copied or moved: the view points into it.
class Signature {
 public:
  Signature(std::vector<Spec> inputs, std::vector<Spec> outputs, Traits traits);
  Signature(const Signature&) = delete;
  Signature& operator=(const Signature&) = delete;

  const std::vector<Spec>& inputs() const { return inputs_; }
  const std::vector<Spec>& outputs() const { return outputs_; }
  const plinth_signature* view() const { return &view_; }

 private:
  std::vector<Spec> inputs_;
  std::vector<Spec> outputs_;
  std::vector<plinth_tensor_spec> input_views_;
  std::vector<plinth_tensor_spec> output_views_;
  plinth_signature view_;
};

}  // namespace plinth::kit
