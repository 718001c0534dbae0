#include "pipeline/switch_stage.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

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

std::optional<double> NumberOf(const Tensor& scalar) {
  std::optional<double> number;
  VisitElements(scalar.dtype(), [&]<typename E>(E) {
    number = static_cast<double>(E::Load(scalar.values<typename E::Stored>()[0]));
  });
  return number;
}

bool IsCase(const std::string& written, const std::string& value, std::optional<double> number) {
  if (written == value) return true;
  if (!number) return false;
  double of_case = 0;
  const char* const end = written.data() + written.size();
  const auto [rest, failed] = std::from_chars(written.data(), end, of_case);
  return failed == std::errc() && rest == end && of_case == *number;
}

}  // namespace

Result<const Stage*> SwitchStage::Choose(const Tensor& chooser) const {
  if (chooser.element_count() != 1) {
    return Fail(Code::kInvalidArgument, std::string(is_if_ ? "\"if\"" : "\"switch\"") +
                                            " got a tensor of shape " + chooser.shape().ToString() +
                                            ", expected one value");
  }
  const std::optional<double> number = NumberOf(chooser);
  if (is_if_ && !number) {
    return Fail(Code::kInvalidArgument, "\"if\" got BYTES, expected a truth value or a number");
  }
  if (is_if_) return *number != 0 ? cases_.front().stage.get() : otherwise_.get();
  const std::string value = TextOf(chooser);
  const auto found = std::ranges::find_if(
      cases_, [&](const Case& one) { return IsCase(one.value, value, number); });
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
  // What was not given is no case.
  const bool given = chooser != inputs.end();
  if (!given && otherwise_ == nullptr) {
    return done(Fail(Code::kInvalidArgument, "what it is chosen by was not given"));
  }
  auto chosen = given ? Choose(chooser->tensor) : Result<const Stage*>(otherwise_.get());
  if (!chosen) return done(Fail(std::move(chosen.error())));
  StartBranch(**chosen, signature(), std::move(inputs), wanted, context, std::move(done));
}

}  // namespace plinth::pipeline
