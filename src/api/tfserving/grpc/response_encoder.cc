#include <cstddef>
#include <iterator>
#include <utility>

#include <protozero/pbf_writer.hpp>

#include "api/tfserving/data_type.h"
#include "api/tfserving/grpc/messages.h"
#include "api/tfserving/grpc/tensor_fields.h"
#include "api/tfserving/grpc/tensor_proto.h"
#include "api/tfserving/signature_def.h"

namespace plinth::api::tfserving {
namespace {

using protozero::pbf_wire_type;
using protozero::pbf_writer;

net::GrpcMessage OnePiece(std::string text) {
  net::GrpcMessage message;
  message.push_back(Buffer::FromString(std::move(text)));
  return message;
}

// The tag and the length of a field whose bytes follow elsewhere.
void BeginField(std::string& text, protozero::pbf_tag_type tag, std::size_t size) {
  const auto at = std::back_inserter(text);
  protozero::write_varint(
      at, (tag << 3U) | static_cast<std::uint32_t>(pbf_wire_type::length_delimited));
  protozero::write_varint(at, size);
}

void WriteTensorInfo(pbf_writer& writer, const TensorInfo& info) {
  writer.add_string(1, GraphName(*info.spec));
  writer.add_enum(2, DataTypeOf(info.spec->dtype));
  pbf_writer shape(writer, 3);
  if (!info.spec->shape) return shape.add_bool(kUnknownRank, true);
  for (const std::int64_t size : info.spec->shape->dims()) {
    pbf_writer dim(shape, kDim);
    dim.add_int64(kDimSize, size);
  }
}

void WriteInfos(pbf_writer& writer, protozero::pbf_tag_type tag,
                const std::vector<TensorInfo>& infos) {
  for (const TensorInfo& info : infos) {
    pbf_writer entry(writer, tag);
    entry.add_string(1, info.key);
    pbf_writer value(entry, 2);
    WriteTensorInfo(value, info);
  }
}

// SignatureDefMap.
std::string EncodeSignatures(const VersionInfo& version) {
  std::string text;
  pbf_writer writer(text);
  for (const SignatureDef& signature : SignaturesOf(version)) {
    pbf_writer entry(writer, 1);
    entry.add_string(1, signature.name);
    pbf_writer value(entry, 2);
    WriteInfos(value, 1, signature.inputs);
    WriteInfos(value, 2, signature.outputs);
    value.add_string(3, signature.method.data(), signature.method.size());
  }
  return text;
}

}  // namespace

std::string EncodeModelSpec(const ModelSpec& asked, std::string_view version) {
  std::string text;
  pbf_writer writer(text);
  writer.add_string(1, asked.name);
  if (const auto number = VersionNumber(version)) {
    pbf_writer value(writer, 2);
    value.add_int64(1, *number);
  }
  if (!asked.signature_name.empty()) writer.add_string(3, asked.signature_name);
  if (!VersionNumber(version)) writer.add_string(4, version.data(), version.size());
  return text;
}

net::GrpcMessage EncodePredictResponse(std::string_view spec,
                                       std::span<const NamedTensor> outputs) {
  net::GrpcMessage message;
  std::string head;  // what stands before the next piece that is shared
  for (const NamedTensor& output : outputs) {
    TensorProtoPieces tensor = EncodeTensorProto(output.tensor);
    std::string key;
    pbf_writer(key).add_string(1, output.name);
    std::string value;
    BeginField(value, 2, tensor.size());
    BeginField(head, 1, key.size() + value.size() + tensor.size());
    head.append(key).append(value).append(tensor.head);
    if (tensor.elements.empty()) continue;
    message.push_back(Buffer::FromString(std::exchange(head, {})));
    message.push_back(std::move(tensor.elements));
  }
  BeginField(head, 2, spec.size());
  head += spec;
  message.push_back(Buffer::FromString(std::move(head)));
  return message;
}

std::string EncodeClassificationResult(const Classification& classification) {
  std::string text;
  pbf_writer writer(text);
  for (std::size_t example = 0; example < classification.examples(); ++example) {
    pbf_writer classes(writer, 1);
    for (std::size_t index = 0; index < classification.classes(); ++index) {
      pbf_writer entry(classes, 1);
      entry.add_string(1, classification.LabelOf(example, index));
      entry.add_float(2, classification.ScoreOf(example, index));
    }
  }
  return text;
}

std::string EncodeRegressionResult(std::span<const float> values) {
  std::string text;
  pbf_writer writer(text);
  for (const float value : values) {
    pbf_writer regression(writer, 1);
    regression.add_float(1, value);
  }
  return text;
}

net::GrpcMessage EncodeResultResponse(std::string_view spec, std::string result) {
  std::string text;
  pbf_writer writer(text);
  writer.add_message(1, result);
  writer.add_message(2, spec.data(), spec.size());
  return OnePiece(std::move(text));
}

net::GrpcMessage EncodeMultiInferenceResponse(std::span<const InferenceResult> results) {
  std::string text;
  pbf_writer writer(text);
  for (const InferenceResult& result : results) {
    pbf_writer entry(writer, 1);
    entry.add_message(1, result.spec);
    entry.add_message(result.classification ? 2 : 3, result.result);
  }
  return OnePiece(std::move(text));
}

net::GrpcMessage EncodeMetadataResponse(std::string_view spec, const VersionInfo& version) {
  std::string text;
  pbf_writer writer(text);
  writer.add_message(1, spec.data(), spec.size());
  {
    pbf_writer entry(writer, 2);
    entry.add_string(1, "signature_def");
    pbf_writer any(entry, 2);
    any.add_string(1, "type.googleapis.com/tensorflow.serving.SignatureDefMap");
    any.add_message(2, EncodeSignatures(version));
  }
  return OnePiece(std::move(text));
}

net::GrpcMessage EncodeStatusResponse(std::span<const VersionStatus> versions) {
  constexpr int kUnknown = 2;  // the error code; what exactly it was is not kept
  std::string text;
  pbf_writer writer(text);
  for (const VersionStatus& status : versions) {
    pbf_writer entry(writer, 1);
    if (status.number) entry.add_int64(1, *status.number);
    entry.add_enum(2, static_cast<std::int32_t>(status.state));
    pbf_writer error(entry, 3);
    if (status.error.empty()) continue;
    error.add_enum(1, kUnknown);
    error.add_string(2, status.error);
  }
  return OnePiece(std::move(text));
}

}  // namespace plinth::api::tfserving
