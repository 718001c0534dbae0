#include "pipeline/switch_stage.h"

#include <algorithm>
#include <concepts>
#include <type_traits>

#include <fmt/format.h>

#include "pipeline/branch.h"
#include "tensor/elements.h"

namespace plinth::pipeline {
namespace {

// The value as cases write it: "3", "0.5", "true", "cat".
std::string TextOf(const Tensor& scalar) {
  if (scalar.dtype() == DType::kBytes) return std::string(scalar.string_at(0));
  std::string text;
  VisitElements(scalar.dtype(), [&]<typename E>(E) {
    text = fmt::format("{}", E::Load(scalar.values<typename E::Stored>()[0]));
  });
  return text;
}

bool IsTrue(const Tensor& scalar) {
  bool truth = false;
  VisitElements(scalar.dtype(), [&]<typename E>(E) {
    truth = E::Load(scalar.values<typename E::Stored>()[0]) != typename E::Value(0);
  });
  return truth;
}

}  // namespace

Result<const Stage*> SwitchStage::Choose(const Tensor& chooser) const {
  if (chooser.element_count() != 1) {
    return Fail(Code::kInvalidArgument, std::string(is_if_ ? "\"if\"" : "\"switch\"") +
                                            " got a tensor of shape " + chooser.shape().ToString() +
                                            ", expected one value");
  }
  if (is_if_) return IsTrue(chooser) ? cases_.front().stage.get() : otherwise_.get();
  const std::string value = TextOf(chooser);
  const auto found = std::ranges::find(cases_, value, &Case::value);
  if (found != cases_.end()) return found->stage.get();
  if (otherwise_ != nullptr) return otherwise_.get();
  std::string known;
  for (const Case& one : cases_) known += (known.empty() ? "'" : ", '") + one.value + "'";
  return Fail(Code::kInvalidArgument, "there is no case for '" + value.substr(0, 100) +
                                          "' and no \"default\"; the cases are " + known);
}

void SwitchStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                        const StageContext& context, ModelCallDone done) const {
  const auto chooser = std::ranges::find(inputs, chooser_, &NamedTensor::name);
  if (chooser == inputs.end()) {
    return done(Fail(Code::kInvalidArgument, "what it is chosen by was not given"));
  }
  auto chosen = Choose(chooser->tensor);
  if (!chosen) return done(Fail(std::move(chosen.error())));
  StartBranch(**chosen, signature(), std::move(inputs), wanted, context, std::move(done));
}

}  // namespace plinth::pipeline
