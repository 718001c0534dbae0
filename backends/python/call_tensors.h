// The tensors of one call on their way to a worker and back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/failure.h"
#include "common/outputs.h"
#include "common/signature.h"
#include "plinth/backend.h"
#include "python/frame.h"
#include "python/messages.h"
#include "python/shared_memory.h"

namespace plinth::python {

// The blocks of shared memory that hold a call's inputs. They are freed when the call is over and
// no output lies in them.
class InputBlocks {
 public:
  explicit InputBlocks(std::shared_ptr<SharedMemory> memory) : memory_(std::move(memory)) {}
  InputBlocks(const InputBlocks&) = delete;
  InputBlocks& operator=(const InputBlocks&) = delete;
  ~InputBlocks() {
    for (const std::size_t at : blocks_) memory_->Free(at);
  }

  kit::Result<std::size_t> Add(std::size_t size);

 private:
  const std::shared_ptr<SharedMemory> memory_;
  std::vector<std::size_t> blocks_;
};

// Copies a tensor to where the worker sees it and describes it in the frame. RESOURCE_EXHAUSTED: it
// does not fit.
kit::Status WriteTensorOf(FrameWriter& frame, const plinth_tensor& tensor, std::uint32_t index,
                          SharedMemory& memory, InputBlocks& blocks);

// Copies the inputs to where the worker sees them and describes them in the frame.
// RESOURCE_EXHAUSTED: they do not fit.
kit::Status WriteInputs(FrameWriter& frame, const plinth_execute_request& request,
                        const kit::Signature& signature, SharedMemory& memory, InputBlocks& blocks);

// Adds the tensor that comes next in a kCall. INTERNAL: it is none.
kit::Status TakeTensor(FrameReader& body, const std::string& name,
                       const std::shared_ptr<SharedMemory>& memory,
                       const std::shared_ptr<InputBlocks>& inputs, kit::OutputWriter& outputs);

// Adds the outputs that a kResult describes. `inputs` is kept for those that lie in an input.
// INTERNAL: they are not what was asked for.
kit::Status TakeOutputs(FrameReader body, const plinth_execute_request& request,
                        const kit::Signature& signature,
                        const std::shared_ptr<SharedMemory>& memory,
                        const std::shared_ptr<InputBlocks>& inputs, kit::OutputWriter& outputs);

}  // namespace plinth::python
