#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include <protozero/pbf_writer.hpp>

#include "api/tfserving/data_type.h"
#include "api/tfserving/grpc/tensor_fields.h"
#include "api/tfserving/grpc/tensor_proto.h"

namespace plinth::api::tfserving {
namespace {

using protozero::pbf_wire_type;
using protozero::pbf_writer;

void WriteTag(std::string& text, protozero::pbf_tag_type tag, pbf_wire_type type) {
  protozero::write_varint(std::back_inserter(text), (tag << 3U) | static_cast<std::uint32_t>(type));
}

template <typename T>
std::string Varints(const Tensor& tensor) {
  std::string text;
  text.reserve(static_cast<std::size_t>(tensor.element_count()) * 2);
  for (const T value : tensor.values<T>()) {
    // Negative numbers are sent as if they had 64 bits.
    protozero::write_varint(std::back_inserter(text),
                            static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
  }
  return text;
}

// The elements of a packed list. Of floats and truth values they are the tensor's own bytes.
Buffer Packed(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kInt8:
      return Buffer::FromString(Varints<std::int8_t>(tensor));
    case DType::kInt16:
      return Buffer::FromString(Varints<std::int16_t>(tensor));
    case DType::kInt32:
      return Buffer::FromString(Varints<std::int32_t>(tensor));
    case DType::kInt64:
      return Buffer::FromString(Varints<std::int64_t>(tensor));
    case DType::kUint8:
      return Buffer::FromString(Varints<std::uint8_t>(tensor));
    case DType::kUint16:
    case DType::kFp16:
    case DType::kBf16:
      return Buffer::FromString(Varints<std::uint16_t>(tensor));
    case DType::kUint32:
      return Buffer::FromString(Varints<std::uint32_t>(tensor));
    case DType::kUint64:
      return Buffer::FromString(Varints<std::uint64_t>(tensor));
    default:
      return tensor.data();
  }
}

Buffer StringList(const Tensor& tensor) {
  std::string text;
  text.reserve(tensor.data().size() + static_cast<std::size_t>(tensor.element_count()) * 3);
  pbf_writer writer(text);
  for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.element_count()); ++i)
    writer.add_bytes(kStringVal, tensor.string_at(i).data(), tensor.string_at(i).size());
  return Buffer::FromString(std::move(text));
}

}  // namespace

TensorProtoPieces EncodeTensorProto(const Tensor& tensor) {
  TensorProtoPieces pieces;
  pbf_writer writer(pieces.head);
  writer.add_enum(kDtype, DataTypeOf(tensor.dtype()));
  {
    pbf_writer shape(writer, kTensorShape);
    for (const std::int64_t size : tensor.shape().dims()) {
      pbf_writer dim(shape, kDim);
      dim.add_int64(kDimSize, size);
    }
  }
  if (tensor.dtype() == DType::kBytes) {
    pieces.elements = StringList(tensor);
    return pieces;
  }
  pieces.elements = Packed(tensor);
  if (pieces.elements.empty()) return pieces;
  WriteTag(pieces.head, ListFieldOf(tensor.dtype()), pbf_wire_type::length_delimited);
  protozero::write_varint(std::back_inserter(pieces.head), pieces.elements.size());
  return pieces;
}

}  // namespace plinth::api::tfserving
