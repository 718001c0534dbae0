// An inference request as the protocol has it, the same from REST and from gRPC, before it is known
// which version answers it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/openinference/shared_memory.h"
#include "base/buffer.h"
#include "base/status.h"
#include "model/config.h"
#include "model/request_context.h"
#include "model/request_trace.h"
#include "tensor/tensor.h"

namespace plinth::api::openinference {

// An input as it was given. It is made a tensor of once the model is known.
struct GivenInput {
  std::string name;
  std::optional<DType> dtype;  // nothing for a name that is no type's
  Shape shape;                 // of gRPC perhaps with negative dimensions
  // The elements: read already, of `shape`; or their bytes.
  std::variant<Tensor, Buffer> data;
  // Whose memory the bytes are in, if it is a client's.
  std::shared_ptr<const SharedMapping> shared{};
  bool nulls = false;  // JSON: strings are missing
};

struct WantedOutput {
  std::string name;
  std::size_t classes = 0;  // not 0: the best so many classes instead of the tensor
  bool binary = false;      // REST: behind the JSON
  SharedPart region{};      // where it is to be written; mostly nowhere
  std::string region_name{};
  std::uint64_t region_offset = 0;
};

struct InferBody {
  std::string id;
  std::vector<GivenInput> inputs;
  std::vector<WantedOutput> outputs;  // empty: all
  bool binary_outputs = false;        // REST: if `outputs` is empty, all of them are binary
  bool empty_final_response = false;  // gRPC: a stream of answers ends with one without outputs
  bool raw = false;                   // REST: one input of which only the bytes are known yet
  std::optional<Priority> priority;
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::string> sticky_key;
  std::string parameters;  // for the model: a JSON object; empty: none
  // What the steps of a pipeline take, since `arrival`; nullptr unless it was asked for.
  std::shared_ptr<RequestTrace> steps;
  std::chrono::nanoseconds arrival{};
};

// A parameter's value; its text lives as long as the request's.
using ParameterValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view>;

// Takes a parameter of the request: `timeout`, `priority`, `binary_data_output`, `trace`, and
// `sticky_field`, the one that the model's traffic is sticky by. All but `binary_data_output` and a
// `trace` that is true or false are given to the model as well. INVALID_ARGUMENT.
Status SetRequestParameter(InferBody& body, std::string_view key, const ParameterValue& value,
                           std::string_view sticky_field);

// The parameter "trace" of the answer: a text that is JSON (api/infer/step_timings.h). Empty if it
// was not asked for, or there are no steps. To be taken once.
std::string TakeSteps(const InferBody& body);

// What the request says to the model beside its tensors; nullptr if nothing.
std::shared_ptr<const RequestContext> ContextOf(const InferBody& body);

// What the parameters of one input or output say.
struct TensorParameters {
  std::optional<std::uint64_t> binary_size;  // of an input: bytes behind the JSON
  std::optional<bool> binary;                // of an output
  std::optional<std::uint64_t> classes;      // of an output
  std::optional<std::string> region;         // of shared memory
  std::uint64_t region_offset = 0;
  std::uint64_t region_size = 0;
};

// Takes a parameter of an input or an output; ignores what it does not know. INVALID_ARGUMENT.
Status SetTensorParameter(TensorParameters& parameters, std::string_view key,
                          const ParameterValue& value);

// How many inputs, and outputs, a request may name.
inline constexpr std::size_t kMostTensors = 1024;

// Adds an output that a request asks for, with its region looked up. INVALID_ARGUMENT for one that
// is there already, or one too many, for parameters that exclude each other, and for regions that
// overlap; NOT_FOUND.
Status AddOutput(InferBody& body, std::string name, const TensorParameters& parameters,
                 const SharedMemory& memory);

// Adds an input. INVALID_ARGUMENT for one that is there already, or one too many.
Status AddInput(InferBody& body, GivenInput input);

// Makes of an input whose parameters name a region one with the region's bytes. INVALID_ARGUMENT,
// NOT_FOUND.
Status UseRegion(GivenInput& input, const TensorParameters& parameters, const SharedMemory& memory);

}  // namespace plinth::api::openinference
