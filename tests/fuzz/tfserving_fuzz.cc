// Any bytes as a body of TF Serving's REST API, as a message of its gRPC services, or as a path: no
// crash, no read out of bounds, and tensors that keep their invariants and take memory in
// proportion to what came. The first byte says which model they are for.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/tfserving/examples_json.h"
#include "api/tfserving/grpc/examples_proto.h"
#include "api/tfserving/grpc/messages.h"
#include "api/tfserving/grpc/predict_method.h"
#include "api/tfserving/grpc/tensor_proto.h"
#include "api/tfserving/json_tree.h"
#include "api/tfserving/predict_json.h"
#include "api/tfserving/target.h"
#include "fuzzing.h"
#include "net/http.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;
namespace tfs = plinth::api::tfserving;

Signature Of(std::vector<TensorSpec> inputs) {
  Signature signature;
  signature.inputs = std::move(inputs);
  signature.outputs = {{.name = "y", .dtype = DType::kFp32}};
  return signature;
}

const std::vector<Signature>& Signatures() {
  static const std::vector<Signature> signatures = {
      Of({{.name = "x", .dtype = DType::kFp32, .shape = Shape{-1, 2}, .batch_axis = 0}}),
      Of({{.name = "x", .dtype = DType::kBytes, .shape = Shape{-1}, .batch_axis = 0}}),
      Of({{.name = "x"}}),
      Of({{.name = "a", .dtype = DType::kInt8, .shape = Shape{-1}, .batch_axis = 0},
          {.name = "b", .dtype = DType::kBool, .shape = Shape{-1, -1, 2}, .batch_axis = 0},
          {.name = "c", .dtype = DType::kBytes, .batch_axis = 0, .optional = true}}),
      Of({{.name = "x", .dtype = DType::kUint64, .shape = Shape{2, 2}}}),
      Of({{.name = "x", .dtype = DType::kFp16, .shape = Shape{}}}),
      Of({{.name = "x", .dtype = DType::kFp64, .shape = Shape{-1, 0}, .batch_axis = 0}}),
      Of({}),
  };
  return signatures;
}

// What was decoded: tensors of at most that many bytes in all, or a refusal that says something.
template <typename Decoded>
void Check(const Result<Decoded>& decoded, std::size_t most) {
  if (!decoded) return Require(!decoded.error().message.empty(), "a refusal says nothing");
  std::size_t bytes = 0;
  for (const NamedTensor& input : decoded->inputs) bytes += CheckTensor(input.tensor);
  Require(bytes <= most, "the tensors are out of proportion to the message");
}

void CheckTensorProto(const Buffer& message) {
  std::size_t budget = 4096;
  const auto tensor = api::protobuf::Guarded(
      "a message", [&] { return tfs::DecodeTensorProto(tfs::ViewOf(message), message, budget); });
  if (!tensor) return Require(!tensor.error().message.empty(), "a refusal says nothing");
  Require(CheckTensor(*tensor) <= 4096 + 16 * message.size() + 64, "a tensor is too large");
  const tfs::TensorProtoPieces pieces = tfs::EncodeTensorProto(*tensor);
  const std::string text =
      pieces.head + std::string(pieces.elements.As<char>(), pieces.elements.size());
  const Buffer written = PaddedCopy(text, '\0');
  budget = 0;
  const auto again = api::protobuf::Guarded(
      "a message", [&] { return tfs::DecodeTensorProto(tfs::ViewOf(written), written, budget); });
  Require(again.has_value() && again->shape() == tensor->shape(), "what was written is refused");
}

void CheckMessages(const Buffer& message, const Signature& signature) {
  CheckTensorProto(message);
  const auto examples = api::protobuf::Guarded(
      "a message", [&] { return tfs::DecodeExamplesInput(tfs::ViewOf(message), signature); });
  Check(examples, 64 * message.size() * (message.size() + 1) + 64);
  const auto predict = api::protobuf::Guarded("a message", [&] {
    return tfs::DecodePredict(tfs::DecodePredictRequest(tfs::ViewOf(message)), message, signature,
                              {});
  });
  Check(predict, tfs::kMostFilledBytes + 16 * message.size() + 64);
  static_cast<void>(
      api::protobuf::Guarded("a message", [&]() -> Result<tfs::MultiInferenceRequest> {
        return tfs::DecodeMultiInferenceRequest(tfs::ViewOf(message));
      }));
  static_cast<void>(api::protobuf::Guarded("a message", [&]() -> Result<tfs::MetadataRequest> {
    return tfs::DecodeMetadataRequest(tfs::ViewOf(message));
  }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr char kPaddings[] = {'\0', '}', ']', '"', '1', '{', ',', 'N'};
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const Signature& signature = Signatures()[data[0] % Signatures().size()];
  const Buffer body = PaddedCopy(text, kPaddings[data[1] % sizeof kPaddings]);
  Check(tfs::DecodePredictJson(body, signature, [](std::string_view name) { return name.empty(); }),
        8 * text.size() + 64);
  Check(tfs::DecodeExamplesJson(body, signature), 64 * text.size() * (text.size() + 1) + 64);
  CheckMessages(body, signature);
  for (const auto verb : {net::Verb::kGet, net::Verb::kPost})
    static_cast<void>(tfs::ParseTarget(verb, text));
  if (const auto tree = tfs::ParseJsonTree(text)) static_cast<void>(tree->Pretty());
  return 0;
}
