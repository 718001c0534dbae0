#include "pipeline/builtin.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/nearest.h"

namespace plinth::pipeline {
namespace {

constexpr std::array kKinds = {
    BuiltinKind{"select", "", MakeSelect},    BuiltinKind{"cast", "", MakeCast},
    BuiltinKind{"reshape", "x", MakeReshape}, BuiltinKind{"concat", "", MakeConcat},
    BuiltinKind{"softmax", "x", MakeSoftmax}, BuiltinKind{"mean", "", MakeMean},
    BuiltinKind{"compare", "x", MakeCompare}, BuiltinKind{"argmax", "x", MakeArgmax},
    BuiltinKind{"top_k", "x", MakeTopK},
};
constexpr std::array<std::string_view, kKinds.size() + 2> kNames = [] {
  std::array<std::string_view, kKinds.size() + 2> names;
  auto next = std::ranges::transform(kKinds, names.begin(), &BuiltinKind::name).out;
  *next++ = "image";
  *next++ = "tokenize";
  return names;
}();

// Larger inputs are not worked on where requests are taken in.
constexpr std::size_t kLargeBytes = std::size_t{128} << 10;

class BuiltinStage final : public Stage {
 public:
  BuiltinStage(Builtin builtin, Host& host)
      : Stage(std::move(builtin.signature)), function_(std::move(builtin.function)), host_(host) {}

  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& /*context*/, ModelCallDone done) const override {
    std::size_t bytes = 0;
    for (const NamedTensor& input : inputs) bytes += input.tensor.data().size();
    if (bytes <= kLargeBytes) return done(Run(inputs, wanted));
    host_.Post([stage = std::static_pointer_cast<const BuiltinStage>(shared_from_this()),
                inputs = std::move(inputs), wanted = std::move(wanted),
                done = std::move(done)]() mutable { done(stage->Run(inputs, wanted)); });
  }

 private:
  Result<ModelAnswer> Run(std::vector<NamedTensor>& inputs,
                          const std::vector<std::uint32_t>& wanted) const {
    try {
      // Also of an optional input of the pipeline's that was not given.
      if (auto rows = CheckInputs(inputs); !rows) return Fail(std::move(rows.error()));
      auto outputs = function_(inputs);
      if (!outputs) return Fail(std::move(outputs.error()));
      ModelAnswer answer;
      for (const std::uint32_t i : wanted) answer.outputs.push_back(std::move((*outputs)[i]));
      return answer;
    } catch (const std::bad_alloc&) {
      return Fail(Code::kOutOfMemory, "there is no memory for its result");
    }
  }

  Status CheckInputs(std::vector<NamedTensor>& inputs) const {
    std::vector<NamedTensor> ordered;
    ordered.reserve(inputs.size());
    for (const TensorSpec& spec : signature().inputs) {
      const auto found = std::ranges::find(inputs, spec.name, &NamedTensor::name);
      if (found == inputs.end()) {
        return Fail(Code::kInvalidArgument, "input '" + spec.name + "' was not given");
      }
      ordered.push_back(std::move(*found));
    }
    inputs.swap(ordered);
    return {};
  }

  const Builtin::Function function_;
  Host& host_;
};

}  // namespace

const BuiltinKind* FindBuiltin(std::string_view name) {
  const auto found = std::ranges::find(kKinds, name, &BuiltinKind::name);
  return found == kKinds.end() ? nullptr : &*found;
}

std::span<const std::string_view> BuiltinNames() { return kNames; }

Result<StagePtr> MakeBuiltin(const BuiltinKind& kind, const std::string& options,
                             std::vector<TensorSpec> inputs, Host& host) {
  const auto document = json::Document::ParseObject(options, "options");
  if (!document) return Fail(document.error());
  const auto fields = json::FieldsOf(document->root(), "options");
  if (!fields) return Fail(fields.error());
  if (inputs.empty()) return Fail(Code::kInvalidArgument, "it has no inputs");
  if (!kind.input.empty() && (inputs.size() != 1 || inputs.front().name != kind.input)) {
    return Fail(Code::kInvalidArgument,
                "it has one input, '" + std::string(kind.input) + "'; " +
                    (inputs.size() == 1 ? "'" + inputs.front().name + "' is"
                                        : std::to_string(inputs.size()) + " are") +
                    " given");
  }
  for (TensorSpec& input : inputs) input.optional = false;
  auto builtin = kind.make(*fields, std::move(inputs));
  if (!builtin) return Fail(std::move(builtin.error()));
  return std::make_shared<BuiltinStage>(*std::move(builtin), host);
}

}  // namespace plinth::pipeline
