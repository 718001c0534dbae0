#include "api/openinference/infer_inputs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "api/openinference/raw.h"
#include "serving/input_fit.h"

namespace plinth::api::openinference {
namespace {

constexpr std::string_view kBatchNote =
    "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be "
    "prepended to each input shape. If you want to specify the full shape including the batch dim "
    "in your input dims config, try setting max_batch_size to zero. See the model configuration "
    "docs for more info on max_batch_size.";

std::unexpected<Error> Invalid(std::string message) {
  return Fail(Code::kInvalidArgument, std::move(message));
}

std::string Quoted(std::string_view name) { return std::string("'").append(name).append("'"); }

std::string List(const std::vector<std::string_view>& names) {
  std::string list = "[";
  for (const std::string_view name : names) {
    if (list.size() > 1) list += ',';
    list += Quoted(name);
  }
  list += ']';
  return list;
}

bool TakesType(const TensorSpec& spec, DType type) {
  return spec.dtype == DType::kAny || spec.dtype == type ||
         (spec.fitted && Converts(type, spec.dtype));
}

class InputMaker {
 public:
  InputMaker(InferBody& body, const ModelView& model, bool may_share)
      : body_(body),
        signature_(model.signature),
        model_(model.name),
        max_batch_(model.max_batch_size()),
        may_share_(may_share) {}

  Result<std::vector<NamedTensor>> Make() {
    NameSoleInput();
    specs_ = body_.inputs.empty() ? signature_.inputs : signature_.FormOf(body_.inputs[0].name);
    for (const auto check : {&InputMaker::CheckOutputs, &InputMaker::CheckNumber,
                             &InputMaker::CheckBatch, &InputMaker::CheckKinds}) {
      if (auto checked = (this->*check)(); !checked) return Fail(std::move(checked.error()));
    }
    std::vector<NamedTensor> inputs;
    inputs.reserve(body_.inputs.size());
    for (GivenInput& given : body_.inputs) {
      auto tensor = MakeTensor(given);
      if (!tensor) return Fail(std::move(tensor.error()));
      inputs.push_back({std::move(given.name), *std::move(tensor)});
    }
    return inputs;
  }

 private:
  void NameSoleInput();
  Status CheckOutputs() const;
  Status CheckNumber() const;
  Status CheckBatch() const;
  Status CheckKinds() const;
  Status CheckShape(const GivenInput& given, const TensorSpec& spec) const;
  Result<Tensor> MakeTensor(GivenInput& given) const;

  InferBody& body_;
  const Signature& signature_;
  const std::string_view model_;
  const std::int64_t max_batch_;
  const bool may_share_;
  std::span<const TensorSpec> specs_;  // what the request gives: the inputs, or the columns
};

// The protocol makes clients name what scikit-learn has no name for, and each calls it otherwise.
void InputMaker::NameSoleInput() {
  if (body_.inputs.size() != 1 || signature_.inputs.size() != 1) return;
  std::string& name = body_.inputs[0].name;
  const bool known = FindSpec(signature_.FormOf(name), name) != nullptr;
  if (!known && signature_.inputs[0].fitted) name = signature_.inputs[0].name;
}

// A model that declares no outputs finds out what it has when it runs.
Status InputMaker::CheckOutputs() const {
  for (const WantedOutput& output : body_.outputs) {
    if (signature_.outputs.empty() || signature_.FindOutput(output.name)) continue;
    return Invalid("unexpected inference output " + Quoted(output.name) + " for model " +
                   Quoted(model_));
  }
  return {};
}

Status InputMaker::CheckNumber() const {
  std::vector<std::string_view> given;
  given.reserve(body_.inputs.size());
  for (const GivenInput& input : body_.inputs) given.push_back(input.name);
  std::vector<std::string_view> missing;
  std::size_t required = 0;
  for (const TensorSpec& spec : specs_) {
    if (spec.optional) continue;
    ++required;
    if (std::ranges::find(given, spec.name) == given.end()) missing.push_back(spec.name);
  }
  const std::size_t most = specs_.size();
  if (given.size() >= required && given.size() <= most) return {};
  const std::string expected = required == most
                                   ? "expected " + std::to_string(most) + " inputs"
                                   : "expected number of inputs between " +
                                         std::to_string(required) + " and " + std::to_string(most);
  return Invalid(expected + " but got " + std::to_string(given.size()) + " inputs for model " +
                 Quoted(model_) + ". Got input(s) " + List(given) +
                 ", but missing required input(s) " + List(missing) +
                 ". Please provide all required input(s).");
}

Status InputMaker::CheckBatch() const {
  if (max_batch_ == 0) return {};
  std::optional<std::int64_t> rows;
  for (const GivenInput& input : body_.inputs) {
    if (input.shape.rank() == 0) {
      return Invalid("input " + Quoted(input.name) +
                     " has no shape but model requires batch dimension for " + Quoted(model_));
    }
    if (rows && *rows != input.shape[0]) {
      return Invalid("input " + Quoted(input.name) +
                     " batch size does not match other inputs for " + Quoted(model_));
    }
    rows = input.shape[0];
  }
  if (rows.value_or(0) <= max_batch_) return {};
  return Invalid("inference request batch-size must be <= " + std::to_string(max_batch_) + " for " +
                 Quoted(model_));
}

Status InputMaker::CheckKinds() const {
  for (const GivenInput& given : body_.inputs) {
    const TensorSpec* const spec = FindSpec(specs_, given.name);
    if (spec == nullptr) {
      return Invalid("unexpected inference input " + Quoted(given.name) + " for model " +
                     Quoted(model_));
    }
    if (!given.dtype || !TakesType(*spec, *given.dtype)) {
      return Invalid("inference input " + Quoted(given.name) + " data-type is " +
                     Quoted(given.dtype ? NameOf(*given.dtype) : "<invalid>") + ", but model " +
                     Quoted(model_) + " expects " + Quoted(NameOf(spec->dtype)));
    }
    if (auto fits = CheckShape(given, *spec); !fits) return fits;
    if (given.nulls && !spec->nullable) {
      return Invalid("inference input " + Quoted(given.name) + " holds null, but model " +
                     Quoted(model_) + " knows no missing strings");
    }
  }
  return {};
}

Status InputMaker::CheckShape(const GivenInput& given, const TensorSpec& spec) const {
  if (std::ranges::any_of(given.shape.dims(), [](std::int64_t dim) { return dim < 0; })) {
    return Invalid("All input dimensions should be specified for input " + Quoted(given.name) +
                   " for model " + Quoted(model_) + ", got " + given.shape.ToString());
  }
  if (!spec.shape || spec.shape->Admits(given.shape)) return {};
  if (spec.fitted && FitsButForOnes(spec, given.shape)) return {};
  return Invalid("unexpected shape for input " + Quoted(given.name) + " for model " +
                 Quoted(model_) + ". Expected " + spec.shape->ToString() + ", got " +
                 given.shape.ToString() + ". " +
                 (max_batch_ > 0 ? std::string(kBatchNote) : std::string()));
}

Result<Tensor> InputMaker::MakeTensor(GivenInput& given) const {
  if (auto* const read = std::get_if<Tensor>(&given.data)) {
    const std::int64_t expected = given.shape.ElementCount().value_or(0);
    auto complete = CheckStringCount(expected, read->element_count(), given.name, model_);
    if (!complete) return Fail(std::move(complete.error()));
    return read->Reshape(given.shape);
  }
  Buffer& raw = std::get<Buffer>(given.data);
  const bool is_float = *given.dtype == DType::kFp32 || *given.dtype == DType::kFp64 ||
                        *given.dtype == DType::kFp16 || *given.dtype == DType::kBf16;
  if (given.shared && !(may_share_ && is_float)) {
    raw = Buffer::Copy(raw.bytes());
    if (given.shared->broken()) {
      return Invalid("the shared memory of input " + Quoted(given.name) +
                     " has become shorter than it was registered");
    }
    given.shared = nullptr;
  }
  return TensorOfRaw(*given.dtype, given.shape, std::move(raw), given.name, model_);
}

}  // namespace

std::string RequestPrefix(std::string_view id) {
  return "[request id: " + std::string(id.empty() ? "<id_unknown>" : id) + "] ";
}

Status CheckElementCount(std::string_view input, const Shape& shape) {
  const bool open = std::ranges::any_of(shape.dims(), [](std::int64_t dim) { return dim < 0; });
  if (open || shape.ElementCount()) return {};
  return Invalid("shape " + shape.ToString() + " of input " + Quoted(input) +
                 " causes total element count to exceed maximum size of 9223372036854775807");
}

Status CheckJsonType(std::string_view input, DType type) {
  if (type != DType::kFp16 && type != DType::kBf16) return {};
  return Invalid("receiving " + std::string(NameOf(type)) +
                 " data via JSON is not supported. Please use the binary data format for input " +
                 std::string(input));
}

Result<std::vector<NamedTensor>> MakeInputs(InferBody& body, const ModelView& model,
                                            bool may_share) {
  auto inputs = InputMaker(body, model, may_share).Make();
  if (inputs) return inputs;
  return Fail(inputs.error().code, RequestPrefix(body.id) + inputs.error().message);
}

}  // namespace plinth::api::openinference
