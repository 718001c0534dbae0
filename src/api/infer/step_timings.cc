#include "api/infer/step_timings.h"

namespace plinth::api {

void WriteSteps(JsonWriter& json, std::span<const StepTiming> steps,
                std::chrono::nanoseconds arrival) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  json.BeginArray();
  for (const StepTiming& step : steps) {
    json.BeginObject();
    json.Key("step").Value(step.step);
    if (!step.model.empty()) json.Key("model").Value(step.model);
    if (!step.version.empty()) json.Key("version").Value(step.version);
    json.Key("start_ms").Fixed(Milliseconds(step.start - arrival).count(), 3);
    json.Key("ms").Fixed(Milliseconds(step.took).count(), 3);
    if (step.cached) json.Key("cached").Value(true);
    if (!step.error.empty()) json.Key("error").Value(step.error);
    json.EndObject();
  }
  json.EndArray();
}

}  // namespace plinth::api
