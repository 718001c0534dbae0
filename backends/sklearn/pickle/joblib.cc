#include "pickle/joblib.h"

#include <utility>

#include "pickle/array.h"
#include "pickle/construct.h"

namespace plinth::sklearn {

Result<ArrayNote> ReadArrayNote(const Value& wrapper) {
  const Value* shape = wrapper.Attribute("shape");
  const Value* order = wrapper.Attribute("order");
  const Value* dtype = wrapper.Attribute("dtype");
  if (!shape || !order || !order->IsText() || !dtype || !dtype->Is(Kind::kDType)) {
    return Fail(Code::kInvalidModel, "a joblib array wrapper lacks its shape, order or dtype");
  }
  auto dims = ToShape(*shape);
  if (!dims) return Fail(std::move(dims.error()));
  const Value* alignment = wrapper.Attribute("numpy_array_alignment_bytes");
  return ArrayNote{dtype->dtype, std::move(*dims), order->text == "F",
                   alignment && !alignment->IsNone()};
}

Result<Array> TakeArray(const ArrayNote& note, Stream& stream) {
  const auto truncated = [&] {
    return Fail(
        Code::kInvalidModel,
        "the file ends in the middle of an array's contents; it was not saved or copied whole");
  };
  if (note.padded) {
    const auto padding = stream.TakeNumber(1);
    if (!padding || !stream.Take(*padding)) return truncated();
  }
  std::size_t count = 0;
  const std::size_t size = note.dtype->size;
  if (size == 0 || !CountElements(note.shape, stream.left() / size, count)) return truncated();
  const auto data = stream.Take(count * size);
  if (!data) return truncated();
  return MakeArray(*note.dtype, note.shape, note.fortran, *data);
}

}  // namespace plinth::sklearn
