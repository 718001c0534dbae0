#include "model/signature_text.h"

#include <cstdint>

namespace plinth {

void WriteSpecMembers(JsonWriter& json, const TensorSpec& spec) {
  json.Key("name").Value(spec.name);
  json.Key("datatype").Value(NameOf(spec.dtype));
  json.Key("shape");
  if (spec.shape) {
    json.BeginArray();
    for (const std::int64_t dim : spec.shape->dims()) json.Value(dim);
    json.EndArray();
  } else {
    json.Null();
  }
  if (spec.optional) json.Key("optional").Value(true);
}

std::string NamesOf(const std::vector<TensorSpec>& specs) {
  std::string names;
  for (const TensorSpec& spec : specs) {
    names += names.empty() ? "'" : ", '";
    names += spec.name;
    names += '\'';
  }
  return names.empty() ? "none" : names;
}

}  // namespace plinth
