#include "python/embedded/python_tensors.h"

#include <utility>

#include "common/tensors.h"

namespace plinth::python {
namespace {

std::unexpected<kit::Failure> NoTensor() {
  return kit::Fail(PLINTH_INTERNAL, "what Python gave is no tensor: " + TakeError());
}

Ref ShapeOf(const plinth_tensor& tensor) {
  Ref shape(Python().tuple_new(tensor.rank));
  if (!shape) return {};
  for (std::uint32_t i = 0; i < tensor.rank; ++i)
    Python().tuple_set(shape.get(), i, NumberOf(tensor.shape[i]).release());
  return shape;
}

Ref StringsOf(const plinth_tensor& tensor) {
  std::size_t count = 1;
  for (const std::int64_t dim : kit::ShapeOf(tensor)) count *= static_cast<std::size_t>(dim);
  Ref list(Python().list_new(static_cast<PySize>(count)));
  if (!list) return {};
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view text = kit::StringAt(tensor, i);
    Ref bytes = BytesOf(text.data(), text.size());
    if (!bytes) return {};
    Python().list_set(list.get(), static_cast<PySize>(i), bytes.release());
  }
  return list;
}

Ref ViewOf(const plinth_tensor& tensor) {
  static char nothing = 0;
  // Python knows no memory that cannot be written to but by the flag.
  char* const data =
      tensor.data == nullptr ? &nothing : static_cast<char*>(const_cast<void*>(tensor.data));
  return Ref(Python().memory_view(data, static_cast<PySize>(tensor.byte_size), kPyReadOnly));
}

bool GetBuffer(PyObject* object, PyBuffer& buffer) {
  return Python().get_buffer(object, &buffer, kPySimpleBuffer) == 0;
}

}  // namespace

Ref ToPython(const plinth_tensor& tensor) {
  return TupleOf(TextOf(tensor.name), NumberOf(tensor.dtype), ShapeOf(tensor),
                 tensor.dtype == PLINTH_BYTES ? StringsOf(tensor) : ViewOf(tensor));
}

void GivenTensor::LetGo::operator()(HeldBuffers* buffers) const {
  Runtime::The().LetGo(std::unique_ptr<HeldBuffers>(buffers));
}

kit::Result<GivenTensor> GivenTensor::Read(PyObject* tuple) {
  const PythonApi& python = Python();
  if (python.tuple_size(tuple) != 4) return NoTensor();
  GivenTensor tensor;
  const long long dtype = python.long_as(python.tuple_get(tuple, 0));
  PyObject* const shape = python.tuple_get(tuple, 1);
  const PySize rank = python.tuple_size(shape);
  if (dtype < PLINTH_BOOL || dtype > PLINTH_BYTES || rank < 0 || rank > PySize{PLINTH_MAX_RANK}) {
    return NoTensor();
  }
  tensor.dtype_ = static_cast<plinth_dtype>(dtype);
  tensor.rank_ = static_cast<std::size_t>(rank);
  for (PySize i = 0; i < rank; ++i)
    tensor.dims_[static_cast<std::size_t>(i)] = python.long_as(python.tuple_get(shape, i));
  if (python.error_occurred() != nullptr) return NoTensor();

  tensor.buffers_.reset(new HeldBuffers());
  if (!GetBuffer(python.tuple_get(tuple, 2), tensor.buffers_->data)) return NoTensor();
  const bool strings = tensor.dtype_ == PLINTH_BYTES;
  if (strings && !GetBuffer(python.tuple_get(tuple, 3), tensor.buffers_->offsets))
    return NoTensor();
  const auto count = kit::CountOf(tensor.shape());
  if (!count) return NoTensor();
  const auto& sized = strings ? tensor.buffers_->offsets : tensor.buffers_->data;
  const PySize elements = strings ? *count + 1 : *count;
  const std::size_t each = strings ? sizeof(std::uint64_t) : kit::ElementSize(tensor.dtype_);
  PySize size = 0;
  if (__builtin_mul_overflow(elements, static_cast<PySize>(each), &size) || size != sized.len)
    return NoTensor();
  return tensor;
}

void GivenTensor::AddTo(kit::OutputWriter& outputs, const char* name) && {
  const HeldBuffers& held = *buffers_;
  outputs.Add(name, dtype_, shape(), held.data.buf, static_cast<std::size_t>(held.data.len),
              std::move(buffers_), static_cast<const std::uint64_t*>(held.offsets.buf));
}

void GivenTensor::AddTo(kit::OutputWriter& outputs, std::string name) && {
  const HeldBuffers& held = *buffers_;
  auto named = std::make_unique<std::pair<std::string, decltype(buffers_)>>(std::move(name),
                                                                            std::move(buffers_));
  const char* const text = named->first.c_str();
  outputs.Add(text, dtype_, shape(), held.data.buf, static_cast<std::size_t>(held.data.len),
              std::move(named), static_cast<const std::uint64_t*>(held.offsets.buf));
}

kit::Result<std::vector<GivenTensor>> ReadTensors(PyObject* tuples) {
  std::vector<GivenTensor> tensors;
  const PySize count = Python().tuple_size(tuples);
  if (count < 0) return NoTensor();
  for (PySize i = 0; i < count; ++i) {
    auto tensor = GivenTensor::Read(Python().tuple_get(tuples, i));
    if (!tensor) return kit::Fail(std::move(tensor.error()));
    tensors.push_back(*std::move(tensor));
  }
  return tensors;
}

}  // namespace plinth::python
