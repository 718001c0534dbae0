// Tensors of the host as what plinth_worker.embedded takes for them, and back; nothing is copied
// but strings. All of it under the global lock.
//
//   to Python:    (name, dtype, shape, view of the bytes that cannot be written to)
//                 of strings: (name, BYTES, shape, list of bytes)
//   from Python:  (dtype, shape, object with the bytes, None)
//                 of strings: (BYTES, shape, object with the contents, object with u64 offsets)
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/failure.h"
#include "common/outputs.h"
#include "plinth/backend.h"
#include "python/embedded/runtime.h"

namespace plinth::python {

// nullptr: Python has raised why not.
Ref ToPython(const plinth_tensor& tensor);

// A tensor in memory of Python's, which is kept as long as this or the output that is made of it.
class GivenTensor {
 public:
  // INTERNAL: it is none.
  static kit::Result<GivenTensor> Read(PyObject* tuple);

  // Any thread. `name` lives as long as the output.
  void AddTo(kit::OutputWriter& outputs, const char* name) &&;
  // The output keeps the name.
  void AddTo(kit::OutputWriter& outputs, std::string name) &&;

 private:
  std::span<const std::int64_t> shape() const { return {dims_.data(), rank_}; }

  plinth_dtype dtype_ = PLINTH_DTYPE_ANY;
  std::size_t rank_ = 0;
  std::array<std::int64_t, PLINTH_MAX_RANK> dims_{};
  struct LetGo {
    void operator()(HeldBuffers* buffers) const;
  };
  std::unique_ptr<HeldBuffers, LetGo> buffers_;
};

// Those of a tuple of them. INTERNAL: it is none.
kit::Result<std::vector<GivenTensor>> ReadTensors(PyObject* tuples);

}  // namespace plinth::python
