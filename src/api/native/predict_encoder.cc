#include "api/native/predict_encoder.h"

#include <cstddef>

#include "api/infer/step_timings.h"
#include "api/json/tensor_writer.h"
#include "base/json_writer.h"

namespace plinth::api {

std::string EncodePrediction(std::string_view model, std::string_view version,
                             std::span<const NamedTensor> outputs, double latency_ms, bool cached,
                             const PredictTrace* trace) {
  std::size_t expected = 96 + model.size() + version.size();
  for (const NamedTensor& output : outputs)
    expected += output.name.size() + 8 + TextSizeOf(output.tensor);
  JsonWriter json(expected);
  json.BeginObject();
  json.Key("model").Value(model);
  json.Key("version").Value(version);
  json.Key("outputs");
  if (outputs.size() == 1) {
    WriteTensor(json, outputs.front().tensor);
  } else {
    json.BeginObject();
    for (const NamedTensor& output : outputs) {
      json.Key(output.name);
      WriteTensor(json, output.tensor);
    }
    json.EndObject();
  }
  json.Key("latency_ms").Fixed(latency_ms, 3);
  if (cached) json.Key("cached").Value(true);
  if (trace != nullptr) {
    json.Key("trace");
    WriteSteps(json, trace->steps, trace->arrival);
  }
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace plinth::api
