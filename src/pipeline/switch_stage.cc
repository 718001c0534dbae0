#include "pipeline/switch_stage.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
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

// Nothing for a string.
std::optional<bool> TruthOf(const Tensor& scalar) {
  std::optional<bool> truth;
  VisitElements(scalar.dtype(), [&]<typename E>(E) {
    truth = E::Load(scalar.values<typename E::Stored>()[0]) != 0;
  });
  return truth;
}

// Whether what is written is that value, as "1.0" and "1e0" are 1: floats as far as their type can
// tell, whole numbers exactly, which a long double holds all of.
template <typename E>
bool IsWritten(const std::string& written, typename E::Value value) {
  constexpr bool kIsFloat = std::is_floating_point_v<typename E::Value>;
  std::conditional_t<kIsFloat, typename E::Value, long double> number = 0;
  const char* const end = written.data() + written.size();
  const auto [rest, failed] = std::from_chars(written.data(), end, number);
  if (failed != std::errc() || rest != end) return false;
  if constexpr (kIsFloat) {
    return E::Load(E::Store(number)) == value;
  } else {
    return number == static_cast<long double>(value);
  }
}

bool IsCase(const std::string& written, const Tensor& scalar, const std::string& value) {
  if (written == value) return true;
  bool is_written = false;
  VisitElements(scalar.dtype(), [&]<typename E>(E) {
    is_written = IsWritten<E>(written, E::Load(scalar.values<typename E::Stored>()[0]));
  });
  return is_written;
}

}  // namespace

Result<const Stage*> SwitchStage::Choose(const Tensor& chooser) const {
  if (chooser.element_count() != 1) {
    return Fail(Code::kInvalidArgument, std::string(is_if_ ? "\"if\"" : "\"switch\"") +
                                            " got a tensor of shape " + chooser.shape().ToString() +
                                            ", expected one value");
  }
  if (is_if_) {
    const std::optional<bool> truth = TruthOf(chooser);
    if (truth) return *truth ? cases_.front().stage.get() : otherwise_.get();
    return Fail(Code::kInvalidArgument, "\"if\" got BYTES, expected a truth value or a number");
  }
  const std::string value = TextOf(chooser);
  const auto found = std::ranges::find_if(
      cases_, [&](const Case& one) { return IsCase(one.value, chooser, value); });
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
