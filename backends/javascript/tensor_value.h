// Tensors between the ABI and scripts, where each is [name, dtype, shape, data]: `data` a typed
// array, or an array of strings and, for those that are no UTF-8, Uint8Arrays.
#pragma once

#include <JavaScriptCore/JavaScript.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "common/backend_kit.h"
#include "javascript/engine.h"
#include "javascript/shared_inputs.h"

namespace plinth::javascript {

// Copies: what a script does to its arrays is its own affair, and memory of the host may be shared
// with other calls and with the cache of answers. If `shared` is given, large ones are added to it
// instead.
kit::Result<JSObjectRef> TensorsValue(JSContextRef context, std::span<const plinth_tensor> tensors,
                                      SharedInputs* shared = nullptr);

// Adds a copy of a script's tensor, checked, to the outputs. INTERNAL says what is wrong with it.
kit::Status WriteCopy(JSContextRef context, JSValueRef tensor, kit::OutputWriter& writer);

// A model's answer, of several tensors, with nothing copied but what is small: a typed array over
// 16 KB that is most of its buffer is moved out of the script's reach, which then has it empty.
//
// Read() all, then Write() all: tensors may share a buffer, and reading may run code of the script,
// while nothing of it runs from the first Write() to the last.
class AnswerReader {
 public:
  // `transfer` is ArrayBuffer.prototype.transfer; it must be protected. Inputs among the answer
  // are copied if they are `inputs`.
  AnswerReader(std::shared_ptr<Engine> engine, JSObjectRef transfer, const SharedInputs& inputs)
      : engine_(std::move(engine)), transfer_(transfer), inputs_(inputs) {}
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;
  ~AnswerReader();

  kit::Status Read(JSValueRef tensor);
  // Of the i-th that was read. `name` must live as long as the model.
  kit::Status Write(std::size_t i, const char* name, kit::OutputWriter& writer);

 private:
  // A buffer that an output holds and no script can reach.
  struct Moved {
    std::shared_ptr<Engine> engine;
    JSObjectRef buffer;  // protected

    Moved(std::shared_ptr<Engine> holder, JSObjectRef moved);
    ~Moved() { engine->Release(buffer); }
  };
  struct Tensor {
    plinth_dtype dtype = PLINTH_DTYPE_ANY;
    std::vector<std::int64_t> shape;
    kit::Strings strings;         // if it is of strings
    JSObjectRef array = nullptr;  // else; protected
  };

  kit::Status WriteArray(const Tensor& tensor, const char* name, kit::OutputWriter& writer);
  template <typename Owner>
  static kit::Status Add(const Tensor& tensor, const char* name, std::string_view bytes,
                         Owner owner, kit::OutputWriter& writer);
  // Whether several of the tensors lie in it: it can be moved only once.
  bool IsShared(JSObjectRef buffer) const;

  std::shared_ptr<Engine> engine_;
  JSObjectRef transfer_;
  const SharedInputs& inputs_;
  std::vector<Tensor> tensors_;
};

}  // namespace plinth::javascript
