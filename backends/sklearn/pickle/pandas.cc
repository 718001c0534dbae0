#include "pickle/pandas.h"

#include <string_view>

namespace plinth::sklearn {
namespace {

// pandas 3 keeps strings in an object whose state is (dtype, array).
constexpr std::string_view kStringArray = "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked";

const Value* ArrayIn(const Value& state) {
  if (!state.Is(Kind::kTuple)) return nullptr;
  for (const Value* part : state.items) {
    if (part->Is(Kind::kArray)) return part;
  }
  return nullptr;
}

}  // namespace

const Value* LabelsOfIndex(const Value& args) {
  if (args.items.size() != 2 || !args.items[1]->Is(Kind::kDict)) return nullptr;
  const Value* const data = args.items[1]->Get("data");
  if (data == nullptr || data->Is(Kind::kArray) || data->Is(Kind::kList)) return data;
  const bool strings = data->Is(Kind::kObject) && data->text == kStringArray && data->state;
  return strings ? ArrayIn(*data->state) : nullptr;
}

}  // namespace plinth::sklearn
