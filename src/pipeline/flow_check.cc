#include "pipeline/flow_check.h"

#include "tensor/convert.h"

namespace plinth::pipeline {
std::string Shown(const TensorSpec& spec) {
  std::string text(NameOf(spec.dtype));
  return spec.shape ? text + " " + spec.shape->ToString() : text;
}

bool MayBeEqual(const Shape& a, const Shape& b) {
  if (a.rank() != b.rank()) return false;
  for (std::size_t i = 0; i < a.rank(); ++i) {
    if (a[i] != b[i] && a[i] != -1 && b[i] != -1) return false;
  }
  return true;
}

Result<DType> CheckFlow(const TensorSpec& from, const std::string& from_title, const TensorSpec& to,
                        const std::string& to_title) {
  const bool same = from.dtype == to.dtype || from.dtype == DType::kAny || to.dtype == DType::kAny;
  const bool widens = !same && Widens(from.dtype, to.dtype);
  const bool fits = !from.shape || !to.shape || MayBeEqual(*from.shape, *to.shape);
  if ((same || widens) && fits) return widens ? to.dtype : DType::kAny;
  std::string message =
      from_title + " is " + Shown(from) + ", but " + to_title + " is " + Shown(to);
  const bool castable = SizeOf(from.dtype) != 0 && SizeOf(to.dtype) != 0;
  if (!same && !widens && castable) {
    message += "; a step {\"builtin\": \"cast\", \"options\": {\"dtype\": \"" +
               std::string(NameOf(to.dtype)) + "\"}} between them converts it";
  } else if (!fits) {
    message += "; a step {\"builtin\": \"reshape\"} between them changes the shape";
  }
  return Fail(Code::kInvalidArgument, std::move(message));
}

void NarrowTo(TensorSpec& spec, const TensorSpec& other) {
  if (spec.dtype == DType::kAny) spec.dtype = other.dtype;
  if (!spec.shape) spec.shape = other.shape;
  spec.optional = spec.optional && other.optional;
  spec.nullable = spec.nullable && other.nullable;
  if (spec.batch_axis != other.batch_axis) spec.batch_axis = -1;
  if (!other.shape || !MayBeEqual(*spec.shape, *other.shape)) return;
  for (std::size_t i = 0; i < spec.shape->rank(); ++i) {
    if ((*spec.shape)[i] == -1) (*spec.shape)[i] = (*other.shape)[i];
  }
}

}  // namespace plinth::pipeline
