#include "api/json/tensor_writer.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/base64.h"
#include "base/utf8.h"

namespace plinth::api {
namespace {

void WriteBytes(JsonWriter& json, std::string_view bytes, BytesStyle style) {
  if (style == BytesStyle::kText && IsUtf8(bytes)) return json.Value(bytes);
  std::string encoded;
  AppendBase64(bytes, encoded);
  json.BeginObject();
  json.Key("b64").Value(encoded);
  json.EndObject();
}

void WriteSmallFloats(JsonWriter& json, const Tensor& tensor, std::size_t begin,
                      std::size_t count) {
  const auto convert = tensor.dtype() == DType::kFp16 ? Fp16ToFloat : Bf16ToFloat;
  for (const std::uint16_t bits : tensor.values<std::uint16_t>().subspan(begin, count)) {
    json.Value(convert(bits));
  }
}

// The elements [begin, begin + count), without brackets.
void WriteRun(JsonWriter& json, const Tensor& tensor, BytesStyle style, std::size_t begin,
              std::size_t count) {
  const auto write = [&]<typename T>(T) {
    json.Elements(tensor.values<T>().subspan(begin, count));
  };
  switch (tensor.dtype()) {
    case DType::kFp32:
      return write(float{});
    case DType::kFp64:
      return write(double{});
    case DType::kInt8:
      return write(std::int8_t{});
    case DType::kInt16:
      return write(std::int16_t{});
    case DType::kInt32:
      return write(std::int32_t{});
    case DType::kInt64:
      return write(std::int64_t{});
    case DType::kUint8:
      return write(std::uint8_t{});
    case DType::kUint16:
      return write(std::uint16_t{});
    case DType::kUint32:
      return write(std::uint32_t{});
    case DType::kUint64:
      return write(std::uint64_t{});
    case DType::kFp16:
    case DType::kBf16:
      return WriteSmallFloats(json, tensor, begin, count);
    case DType::kBool:
      for (const std::uint8_t truth : tensor.values<std::uint8_t>().subspan(begin, count)) {
        json.Value(truth != 0);
      }
      return;
    case DType::kBytes:
      for (std::size_t i = begin; i < begin + count; ++i)
        WriteBytes(json, tensor.string_at(i), style);
      return;
    case DType::kAny:
      return;  // no tensor has it
  }
}

// The arrays from dimension `level` on; `begin` is the first element, `size` how many there are.
// Bounded by the largest rank.
void WriteArrays(JsonWriter& json, const Tensor& tensor, BytesStyle style, std::size_t level,
                 std::size_t begin, std::size_t size) {
  if (level == tensor.shape().rank()) return WriteRun(json, tensor, style, begin, size);
  json.BeginArray();
  const auto dim = static_cast<std::size_t>(tensor.shape()[level]);
  if (level + 1 == tensor.shape().rank()) {
    WriteRun(json, tensor, style, begin, size);
  } else {
    for (std::size_t i = 0; i < dim; ++i) {
      WriteArrays(json, tensor, style, level + 1, begin + i * (size / dim), size / dim);
    }
  }
  json.EndArray();
}

// Whether a tensor without elements would be more than kMostEmptyArrays brackets: a shape such as
// [1000000000, 0] takes no memory but its text would.
constexpr std::int64_t kMostEmptyArrays = 65'536;
bool HasTooManyEmptyArrays(const Shape& shape) {
  std::int64_t arrays = 1;
  for (const std::int64_t dim : shape.dims()) {
    if (dim == 0) return false;
    if (dim > kMostEmptyArrays / arrays) return true;
    arrays *= dim;
  }
  return false;
}

}  // namespace

std::size_t TextSizeOf(const Tensor& tensor) {
  const auto count = static_cast<std::size_t>(tensor.element_count());
  switch (tensor.dtype()) {
    case DType::kFp64:
      return count * 20;
    case DType::kBytes:
      return tensor.data().size() + count * 3;
    default:
      return count * 11;
  }
}

void WriteTensor(JsonWriter& json, const Tensor& tensor, BytesStyle bytes) {
  const auto size = static_cast<std::size_t>(tensor.element_count());
  if (size == 0 && HasTooManyEmptyArrays(tensor.shape())) return json.Raw("[]");
  WriteArrays(json, tensor, bytes, 0, 0, size);
}

void WriteRow(JsonWriter& json, const Tensor& tensor, std::int64_t row, BytesStyle bytes) {
  const auto size = static_cast<std::size_t>(tensor.element_count()) /
                    static_cast<std::size_t>(tensor.shape()[0]);
  if (size == 0 && HasTooManyEmptyArrays(tensor.shape())) return json.Raw("[]");
  WriteArrays(json, tensor, bytes, 1, static_cast<std::size_t>(row) * size, size);
}

void WriteElements(JsonWriter& json, const Tensor& tensor) {
  json.BeginArray();
  WriteRun(json, tensor, BytesStyle::kText, 0, static_cast<std::size_t>(tensor.element_count()));
  json.EndArray();
}

}  // namespace plinth::api
