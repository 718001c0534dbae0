// Any bytes as the body of POST /v2/models/:model/infer, the first two of them how much of the rest
// is JSON: no crash, no read out of bounds, and tensors that keep their invariants and fit the
// model.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "api/openinference/batching.h"
#include "api/openinference/infer_inputs.h"
#include "api/openinference/infer_json.h"
#include "api/openinference/raw.h"
#include "api/openinference/raw_request.h"
#include "fuzzing.h"
#include "net/http.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;
using namespace plinth::api::openinference;

const Signature& TheModels() {
  static const Signature signature = [] {
    Signature made;
    made.inputs = {{.name = "a", .dtype = DType::kFp32, .shape = Shape{-1, 2}, .batch_axis = 0},
                   {.name = "b",
                    .dtype = DType::kBytes,
                    .shape = Shape{-1},
                    .batch_axis = 0,
                    .optional = true},
                   {.name = "c",
                    .dtype = DType::kBool,
                    .shape = std::nullopt,
                    .batch_axis = 0,
                    .optional = true},
                   {.name = "d", .shape = std::nullopt, .batch_axis = 0, .optional = true}};
    return made;
  }();
  return signature;
}

void CheckTensor(const NamedTensor& input) {
  const Tensor& tensor = input.tensor;
  Require(tensor.shape().ElementCount() == tensor.element_count(), "the count is not the shape's");
  const TensorSpec* const spec = TheModels().FindInput(input.name);
  Require(spec != nullptr, "an input is not the model's");
  Require(!spec->shape || spec->shape->Admits(tensor.shape()), "the shape is not the model's");
  Require(spec->dtype == DType::kAny || spec->dtype == tensor.dtype(), "nor is the type");
  // Its bytes read back as the same tensor.
  const auto again =
      TensorOfRaw(tensor.dtype(), tensor.shape(), RawOf(tensor), input.name, "model");
  Require(again.has_value(), "what was written is refused");
  Require(RawSizeOf(tensor) == RawSizeOf(*again), "what was written reads differently");
}

void Check(InferBody body) {
  static const ModelConfig config;
  const ModelView model{"model", TheModels(), config};
  auto inputs = MakeInputs(body, model, true);
  if (!inputs) return;
  for (const NamedTensor& input : *inputs) CheckTensor(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static SharedMemory memory(false);
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t json = std::min<std::size_t>(data[0] + data[1] * 256U, rest.size());
  const Buffer body = PaddedCopy(rest, ']');
  if (json == 0) {
    InferBody raw = ReadRawRequest(body);
    static const ModelConfig config;
    Signature one;
    one.inputs = {TheModels().inputs[rest.size() % 4]};
    const ModelView model{"model", one, config};
    if (DeduceRawInput(raw, model)) static_cast<void>(MakeInputs(raw, model, true));
    return 0;
  }
  auto read = ReadInferJson({body.As<char>(), json}, body.Slice(json, body.size() - json), "model",
                            "user", memory);
  if (read) Check(*std::move(read));
  return 0;
}
