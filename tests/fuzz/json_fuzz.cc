// Any bytes as the body of a prediction, in JSON and raw, of a deployment, or as a query: no crash,
// no read out of bounds, and tensors that keep their invariants, take memory in proportion to the
// body and survive being written and read again. The first byte says which model the body is for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "api/native/deploy_codec.h"
#include "api/native/predict_decoder.h"
#include "api/native/predict_encoder.h"
#include "api/native/predict_options.h"
#include "api/native/raw_codec.h"
#include "api/native/router.h"
#include "fuzzing.h"
#include "model/config.h"
#include "net/http.h"

namespace {

using namespace plinth;
using namespace plinth::fuzzing;

Signature Of(std::vector<TensorSpec> inputs) {
  Signature signature;
  signature.inputs = std::move(inputs);
  return signature;
}

const std::vector<Signature>& Signatures() {
  static const std::vector<Signature> signatures = {
      Of({{.name = "x", .dtype = DType::kFp64, .shape = Shape{-1, 2}, .batch_axis = 0}}),
      Of({{.name = "x", .dtype = DType::kFp32, .shape = Shape{-1, -1, 2}, .batch_axis = 0}}),
      Of({{.name = "x", .dtype = DType::kBytes, .shape = Shape{-1}, .batch_axis = 0}}),
      Of({{.name = "x"}}),
      Of({{.name = "a", .dtype = DType::kInt8, .shape = Shape{-1}, .batch_axis = 0},
          {.name = "b", .dtype = DType::kBool, .shape = Shape{-1, 2}, .batch_axis = 0},
          {.name = "c", .dtype = DType::kBytes, .batch_axis = 0, .optional = true}}),
      Of({{.name = "x", .dtype = DType::kUint64, .shape = Shape{2, 2}}}),
      Of({{.name = "x", .dtype = DType::kFp16, .shape = Shape{}}}),
      Of({{.name = "x", .dtype = DType::kBf16},
          {.name = "y", .dtype = DType::kInt64, .optional = true}}),
      Of({}),
  };
  return signatures;
}

// A model of two versions, with traffic that is sticky by a field.
class TwoVersions final : public api::VersionChoice {
 public:
  TwoVersions(const Signature& first, const Signature& second) : first_(first), second_(second) {}

  Result<const Signature*> Presumed() override { return &first_; }
  Result<const Signature*> Named(std::string_view version) override {
    if (version == "v1") return &first_;
    if (version == "v2") return &second_;
    return Fail(Code::kNotFound, "there is no such version");
  }
  Result<const Signature*> Routed(std::optional<std::string_view> key) override {
    return key && key->size() % 2 == 0 ? &second_ : &first_;
  }
  std::string_view sticky_field() override { return "user"; }

 private:
  const Signature& first_;
  const Signature& second_;
};

Result<api::PredictBody> Decode(std::string_view text, char padding, const Signature& signature,
                                const Signature& other) {
  TwoVersions choice(signature, other);
  return api::DecodePredict(PaddedCopy(text, padding), choice);
}

bool SameStrings(const Tensor& a, const Tensor& b) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(a.element_count()); ++i) {
    if (a.string_at(i) != b.string_at(i)) return false;
  }
  return true;
}

bool Same(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() == DType::kBytes) return SameStrings(a, b);
  return a.data().empty() || std::memcmp(a.data().data(), b.data().data(), a.data().size()) == 0;
}

// What was read, written as an answer and read again as a request, is the same.
void CheckRoundTrip(const NamedTensor& input, const Signature& signature) {
  const TensorSpec* const spec = signature.FindInput(input.name);
  Require(spec != nullptr, "an input has an unknown name");
  if (spec->dtype == DType::kAny || !spec->shape) return;  // read by what the text looks like
  const std::string answer = api::EncodePrediction("m", "v", {&input, 1}, 0);
  constexpr std::string_view kHead = R"({"model":"m","version":"v","outputs":)";
  constexpr std::string_view kTail = R"(,"latency_ms":0.000})";
  Require(answer.starts_with(kHead) && answer.ends_with(kTail), "the answer has another form");
  std::string text = "{\"inputs\":{\"" + input.name + "\":";
  text.append(answer, kHead.size(), answer.size() - kHead.size() - kTail.size());
  text += "}}";
  const auto again = Decode(text, '\0', signature, signature);
  Require(again.has_value(), "what was written is refused");
  Require(again->inputs.size() == 1 && Same(again->inputs[0].tensor, input.tensor),
          "what was written reads differently");
}

// The text up to a line feed as the description of the bytes behind it: "2,3 FP32".
void CheckRaw(std::string_view text, const Signature& signature) {
  const std::string_view head = text.substr(0, text.find('\n'));
  const std::string_view bytes = text.substr(std::min(head.size() + 1, text.size()));
  const std::size_t blank = std::min(head.find(' '), head.size());
  const auto description = api::ParseRawDescription(head.substr(0, blank),
                                                    head.substr(std::min(blank + 1, head.size())));
  if (!description) return;
  const auto input = api::DecodeRawInput(signature, PaddedCopy(bytes, '\0'), *description);
  if (!input) {
    Require(!input.error().message.empty(), "a refusal says nothing");
    return;
  }
  CheckTensor(input->tensor);
  const TensorSpec* const spec = signature.FindInput(input->name);
  Require(spec != nullptr, "an input has an unknown name");
  Require(!spec->shape || spec->shape->Admits(input->tensor.shape()), "the shape is another");
  Require(input->tensor.data().size() == bytes.size(), "the tensor is not the bytes");
}

void CheckQuery(std::string_view text) {
  const auto options = api::ParsePredictQuery(text, "user");
  Require(options || !options.error().message.empty(), "a refusal says nothing");
  if (!options) return;
  Require(options->outputs.size() <= api::PredictOptions::kMaxOutputs, "too many outputs");
  Require(!options->timeout || options->timeout->count() > 0, "a timeout is none");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr char kPaddings[] = {'\0', '}', ']', '"', '1', '{', ',', ' '};
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto& signatures = Signatures();
  const Signature& signature = signatures[data[0] % signatures.size()];
  const Signature& other = signatures[data[0] / signatures.size() % signatures.size()];

  const auto body = Decode(text, kPaddings[data[1] % std::size(kPaddings)], signature, other);
  if (body) {
    const Signature& used = body->options.version == "v2" ? other : signature;
    std::size_t bytes = 0;
    for (const NamedTensor& input : body->inputs) {
      CheckTensor(input.tensor);
      CheckRoundTrip(input, used);
      bytes += input.tensor.data().size();
    }
    Require(bytes <= 4 * text.size() + 64, "the tensors are out of proportion to the body");
  } else {
    Require(!body.error().message.empty(), "a refusal says nothing");
  }

  CheckRaw(text, signature);
  CheckQuery(text);

  if (const auto spec = api::DecodeDeploy(text, "", "")) {
    Require(!spec->name.empty() && !spec->path.empty(), "a deployment has no name or no path");
  }
  ModelConfig config;
  static_cast<void>(ParseDeclaredSignature(text, config));
  static_cast<void>(api::MatchRoute(net::Verb::kGet, text));
  static_cast<void>(api::UnknownRouteMessage(text));
  return 0;
}
