#include "api/tfserving/grpc/examples_methods.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/tfserving/grpc/examples_proto.h"
#include "api/tfserving/grpc/messages.h"
#include "api/tfserving/grpc/unary_call.h"
#include "api/tfserving/inference.h"
#include "api/tfserving/results.h"
#include "api/tfserving/signature_def.h"

namespace plinth::api::tfserving {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

// What is asked about the examples of one request: one task, or those of a MultiInferenceRequest.
struct Work {
  std::vector<InferenceTask> tasks;
  protozero::data_view input;
  std::int64_t examples = 0;  // known once they are decoded
};

bool Classifies(const InferenceTask& task) { return task.method == kClassifyMethod; }

// The outputs that the tasks need, together.
Result<std::vector<std::string>> OutputsFor(const Work& work, const ModelVersion& version) {
  std::vector<std::string> all;
  for (const InferenceTask& task : work.tasks) {
    const std::string& signature = task.spec.signature_name;
    if (!HasSignature(version.config(), task.method, signature)) {
      const bool sole = work.tasks.size() == 1;
      return Invalid((sole ? "No signature was found with the name: "
                           : "Requested signature not found in model graph: ") +
                     signature);
    }
    auto outputs = Classifies(task) ? OutputsToClassify(version.signature())
                                    : OutputsToRegress(version.signature());
    if (!outputs) return Fail(std::move(outputs.error()));
    for (std::string& output : *outputs) {
      if (std::ranges::find(all, output) == all.end()) all.push_back(std::move(output));
    }
  }
  return all;
}

Result<DecodedCall> DecodeWork(Work& work, const ModelVersion& version) {
  auto outputs = OutputsFor(work, version);
  if (!outputs) return Fail(std::move(outputs.error()));
  auto examples = DecodeExamplesInput(work.input, version.signature());
  if (!examples) return Fail(std::move(examples.error()));
  work.examples = examples->count;
  return DecodedCall{std::move(examples->inputs), *std::move(outputs)};
}

Result<InferenceResult> ResultOf(const InferenceTask& task, const InferResponse& response,
                                 std::int64_t examples) {
  const Signature& signature = response.version->signature();
  InferenceResult result{
      EncodeModelSpec(Answered(task.spec), response.version->version()), Classifies(task), {}};
  if (result.classification) {
    const auto classes = Classification::Of(signature, response.version->config().class_labels,
                                            response.outputs, examples);
    if (!classes) return Fail(classes.error());
    result.result = EncodeClassificationResult(*classes);
  } else {
    const auto values = RegressionOf(signature, response.outputs, examples);
    if (!values) return Fail(values.error());
    result.result = EncodeRegressionResult(*values);
  }
  return result;
}

// A call with examples, for all of its tasks; `encode` makes the answer of their results.
class ExamplesCall final : public UnaryCall {
 public:
  using Encoder = net::GrpcMessage (*)(std::vector<InferenceResult> results);

  ExamplesCall(net::GrpcCall call, Buffer message, net::GrpcWriter writer, Work work,
               Encoder encode)
      : UnaryCall(std::move(call), std::move(message), std::move(writer), work.tasks[0].spec),
        work_(std::move(work)),
        encode_(encode) {}

 private:
  Result<DecodedCall> DecodeInputs(const ModelVersion& version) override {
    return protobuf::Guarded("an Input of examples", [&] { return DecodeWork(work_, version); });
  }
  Result<net::GrpcMessage> Encode(const InferResponse& response) override {
    std::vector<InferenceResult> results;
    for (const InferenceTask& task : work_.tasks) {
      auto result = ResultOf(task, response, work_.examples);
      if (!result) return Fail(std::move(result.error()));
      results.push_back(*std::move(result));
    }
    return encode_(std::move(results));
  }

  Work work_;
  const Encoder encode_;
};

void HandleOne(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer,
               std::string_view method) {
  auto request = protobuf::Guarded("a request with examples", [&]() -> Result<ExamplesRequest> {
    return DecodeExamplesRequest(ViewOf(message));
  });
  if (!request) return writer.Finish(net::GrpcStatus::FromError(request.error()));
  Work work{{{std::move(request->spec), std::string(method)}}, request->input};
  const auto encode = [](std::vector<InferenceResult> results) {
    return EncodeResultResponse(results[0].spec, std::move(results[0].result));
  };
  Run(service, std::make_shared<ExamplesCall>(std::move(call), std::move(message),
                                              std::move(writer), std::move(work), encode));
}

// INVALID_ARGUMENT, UNIMPLEMENTED for a method that is none of the two.
Status CheckTasks(const std::vector<InferenceTask>& tasks) {
  constexpr std::size_t kMostTasks = 100;  // far more than a model has signatures
  if (tasks.empty()) return Invalid("Inference request must have at least one task.");
  if (tasks.size() > kMostTasks)
    return Invalid("Inference request has more than " + std::to_string(kMostTasks) + " tasks.");
  std::vector<std::string_view> signatures;
  for (const InferenceTask& task : tasks) {
    if (task.spec.name.empty()) return Invalid("Found ModelSpec with an empty model name.");
    if (task.spec.name != tasks[0].spec.name) {
      return Invalid("All ModelSpecs in a MultiInferenceRequest must access the same model name.");
    }
    const std::string_view signature =
        task.spec.signature_name.empty() ? kDefaultSignature : task.spec.signature_name;
    if (std::ranges::find(signatures, signature) != signatures.end())
      return Invalid("Duplicate evaluation of signature: " + std::string(signature));
    signatures.push_back(signature);
    if (task.method != kClassifyMethod && task.method != kRegressMethod)
      return Fail(Code::kUnimplemented, "Unsupported signature method_name: " + task.method);
  }
  return {};
}

}  // namespace

void HandleClassify(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer) {
  HandleOne(service, std::move(call), std::move(message), std::move(writer), kClassifyMethod);
}

void HandleRegress(Service& service, net::GrpcCall call, Buffer message, net::GrpcWriter writer) {
  HandleOne(service, std::move(call), std::move(message), std::move(writer), kRegressMethod);
}

void HandleMultiInference(Service& service, net::GrpcCall call, Buffer message,
                          net::GrpcWriter writer) {
  auto request =
      protobuf::Guarded("a MultiInferenceRequest", [&]() -> Result<MultiInferenceRequest> {
        return DecodeMultiInferenceRequest(ViewOf(message));
      });
  Status checked = request ? CheckTasks(request->tasks) : Fail(request.error());
  if (!checked) return writer.Finish(net::GrpcStatus::FromError(checked.error()));
  const auto encode = [](std::vector<InferenceResult> results) {
    return EncodeMultiInferenceResponse(results);
  };
  Run(service,
      std::make_shared<ExamplesCall>(std::move(call), std::move(message), std::move(writer),
                                     Work{std::move(request->tasks), request->input}, encode));
}

}  // namespace plinth::api::tfserving
