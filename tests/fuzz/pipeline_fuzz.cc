// What is written down as a pipeline, read, compiled against a few models, and run: every run is
// answered once.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/compile.h"
#include "pipeline/host.h"
#include "pipeline/spec.h"
#include "pipeline/stage.h"

namespace {

using plinth::Fail;
using plinth::NamedTensor;
using plinth::Shape;
using plinth::Tensor;
using plinth::TensorSpec;

constexpr std::int64_t kOpen = 2;  // what a dimension is that may be any

TensorSpec Spec(std::string name, plinth::DType type, Shape shape) {
  TensorSpec spec;
  spec.name = std::move(name);
  spec.dtype = type;
  spec.shape = shape;
  return spec;
}

class Server final : public plinth::pipeline::Host {
 public:
  plinth::Result<plinth::Signature> SignatureOf(const std::string& model,
                                                const std::string&) override {
    plinth::Signature signature;
    signature.inputs = {Spec("x", plinth::DType::kFp32, {-1, 4})};
    if (model == "a") {
      signature.outputs = {Spec("y", plinth::DType::kFp32, {-1, 4})};
    } else if (model == "b") {
      signature.outputs = {Spec("label", plinth::DType::kBytes, {1}),
                           Spec("y", plinth::DType::kInt64, {-1})};
    } else {
      return Fail(plinth::Code::kFailedPrecondition, "it is not there");
    }
    return signature;
  }
  plinth::Status CheckChain(const std::string&, const std::string&, const std::string&) override {
    return {};
  }
  plinth::Result<std::shared_ptr<plinth::ModelVersion>> LoadOwn(plinth::DeploySpec,
                                                                plinth::Members&) override {
    return Fail(plinth::Code::kNotFound, "there are no files");
  }
  void Retire(plinth::ModelVersion&) override {}
  void Post(std::move_only_function<void()> task) override { task(); }
  void At(std::chrono::steady_clock::time_point, std::move_only_function<void()>) override {}
};

Tensor TensorOf(const TensorSpec& spec) {
  Shape shape = spec.shape.value_or(Shape{kOpen});
  std::int64_t count = 1;
  for (std::size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] < 0 || shape[i] > 64) shape[i] = kOpen;
    count *= shape[i];
    if (count > 65'536) shape[i] = count = 0;
  }
  if (spec.dtype == plinth::DType::kBytes) {
    const std::vector<std::string> texts(static_cast<std::size_t>(count), "text");
    return Tensor::OfStrings(shape, texts);
  }
  auto tensor =
      Tensor::Allocate(plinth::SizeOf(spec.dtype) == 0 ? plinth::DType::kFp32 : spec.dtype, shape);
  for (std::byte& byte : tensor->mutable_bytes()) byte = std::byte{1};
  return *tensor;
}

class Caller final : public plinth::ModelCaller {
 public:
  explicit Caller(Server& server) : server_(server) {}
  void Call(plinth::ModelCall call, plinth::ModelCallDone done) const override {
    const auto signature = server_.SignatureOf(call.model, call.version);
    plinth::ModelAnswer answer;
    for (const std::string& name : call.outputs) {
      answer.outputs.push_back({name, TensorOf(signature->outputs[*signature->FindOutput(name)])});
    }
    done(std::move(answer));
  }
  std::shared_ptr<const void> keep_alive() const override { return nullptr; }

 private:
  Server& server_;
};

void Run(const plinth::pipeline::Stage& stage, Server& server) {
  std::vector<NamedTensor> inputs;
  for (const TensorSpec& input : stage.signature().inputs) {
    inputs.push_back({input.name, TensorOf(input)});
  }
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t i = 0; i < stage.signature().outputs.size(); ++i) wanted.push_back(i);
  plinth::pipeline::StageContext context{std::make_shared<Caller>(server)};
  context.host = &server;
  int answers = 0;
  stage.Start(std::move(inputs), std::move(wanted), context,
              [&answers](plinth::Result<plinth::ModelAnswer>) { ++answers; });
  if (answers != 1) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto spec = plinth::pipeline::ParsePipeline({reinterpret_cast<const char*>(data), size});
  if (!spec) return 0;
  Server server;
  plinth::Members members;
  plinth::pipeline::CompileState state{.members = members};
  const plinth::pipeline::CompileContext context{
      .host = server, .state = state, .folder = "", .name = "m", .version = "v1"};
  const auto stage = plinth::pipeline::Compile(*spec, {}, context);
  if (stage) Run(**stage, server);
  return 0;
}
