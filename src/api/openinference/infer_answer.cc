#include "api/openinference/infer_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "api/json/tensor_writer.h"
#include "api/openinference/batching.h"
#include "api/openinference/classification.h"
#include "api/openinference/raw.h"
#include "base/json_writer.h"

namespace plinth::api::openinference {
namespace {

const WantedOutput* WantedOf(const InferBody& body, std::string_view name) {
  const auto it = std::ranges::find(body.outputs, name, &WantedOutput::name);
  return it == body.outputs.end() ? nullptr : &*it;
}

Status WriteToRegion(const WantedOutput& output, const Tensor& tensor) {
  const std::size_t size = RawSizeOf(tensor);
  const SharedPart& region = output.region;
  if (size > region.size) {
    return Fail(Code::kInvalidArgument,
                "shared memory size specified with the request for output '" + output.name + "' (" +
                    std::to_string(region.size) + " bytes) should be at least " +
                    std::to_string(size) + " bytes to hold the results");
  }
  if (size > 0) std::memcpy(region.data, RawOf(tensor).data(), size);
  if (!region.mapping->broken()) return {};
  return Fail(Code::kInvalidArgument, "the shared memory region '" + output.region_name +
                                          "' has become shorter than it was registered");
}

bool IsBinary(const InferBody& body, const AnsweredOutput& output) {
  return output.wanted != nullptr ? output.wanted->binary : body.binary_outputs;
}

// The members behind the shape: where the elements are, or they themselves.
Status WriteElementsOf(const InferBody& body, const AnsweredOutput& output, JsonWriter& json,
                       std::vector<Buffer>& tail) {
  const Tensor& tensor = output.tensor;
  // Nothing is said of a region: the stock C++ client takes any parameters to hold
  // binary_data_size.
  if (output.wanted != nullptr && output.wanted->region.mapping) return {};
  if (IsBinary(body, output)) {
    Buffer raw = RawOf(tensor);
    json.Key("parameters").BeginObject();
    json.Key("binary_data_size").Value(raw.size());
    json.EndObject();
    if (!raw.empty()) tail.push_back(std::move(raw));
    return {};
  }
  if (tensor.dtype() == DType::kFp16 || tensor.dtype() == DType::kBf16) {
    return Fail(
        Code::kInvalidArgument,
        "sending " + std::string(NameOf(tensor.dtype())) +
            " data via JSON is not supported. Please use the binary data format for output");
  }
  json.Key("data");
  WriteElements(json, tensor);
  return {};
}

std::size_t RoomFor(const InferBody& body, const std::vector<AnsweredOutput>& outputs) {
  std::size_t room = 256;
  for (const AnsweredOutput& output : outputs) {
    room += 128 + output.name.size() + (IsBinary(body, output) ? 0 : TextSizeOf(output.tensor));
  }
  return room;
}

}  // namespace

Result<std::vector<AnsweredOutput>> PrepareOutputs(const InferBody& body,
                                                   const InferResponse& response) {
  std::vector<AnsweredOutput> outputs;
  outputs.reserve(response.outputs.size());
  for (const NamedTensor& output : response.outputs) {
    const WantedOutput* const wanted = WantedOf(body, output.name);
    outputs.push_back({output.name, output.tensor, wanted});
    if (wanted == nullptr) continue;
    Tensor& tensor = outputs.back().tensor;
    if (wanted->classes > 0) {
      const ModelVersion& version = *response.version;
      const bool batched =
          MaxBatchSize(version.signature(), version.config()) > 0 && tensor.shape().rank() > 0;
      auto classes =
          Classify(tensor, wanted->classes, batched, version.config().class_labels.Of(output.name));
      if (!classes) return Fail(std::move(classes.error()));
      tensor = *std::move(classes);
    }
    if (!wanted->region.mapping) continue;
    if (auto written = WriteToRegion(*wanted, tensor); !written)
      return Fail(std::move(written.error()));
  }
  return outputs;
}

Result<net::HttpResponse> EncodeInferAnswer(const InferBody& body, const InferResponse& response) {
  const auto outputs = PrepareOutputs(body, response);
  if (!outputs) return Fail(outputs.error());
  JsonWriter json(RoomFor(body, *outputs));
  std::vector<Buffer> tail;
  json.BeginObject();
  if (!body.id.empty()) json.Key("id").Value(body.id);
  json.Key("model_name").Value(response.version->name());
  json.Key("model_version").Value(response.version->version());
  if (const std::string steps = TakeSteps(body); !steps.empty()) {
    json.Key("parameters").BeginObject();
    json.Key("trace").Value(steps);
    json.EndObject();
  }
  json.Key("outputs").BeginArray();
  for (const AnsweredOutput& output : *outputs) {
    json.BeginObject();
    json.Key("name").Value(output.name);
    json.Key("datatype").Value(NameOf(output.tensor.dtype()));
    json.Key("shape").BeginArray();
    json.Elements(output.tensor.shape().dims());
    json.EndArray();
    if (auto written = WriteElementsOf(body, output, json, tail); !written)
      return Fail(std::move(written.error()));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  auto answer = net::HttpResponse::Json(200, std::move(json).Take());
  if (tail.empty()) return answer;
  answer.content_type = "application/octet-stream";
  answer.headers.emplace_back("Inference-Header-Content-Length",
                              std::to_string(answer.body.size()));
  answer.tail = std::move(tail);
  return answer;
}

}  // namespace plinth::api::openinference
