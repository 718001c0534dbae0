#include "answers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace plinth::sklearn {
namespace {

using Kind = Answer::Kind;

bool HasLabels(const Traits& traits) {
  return traits.role != Role::kTransformer && traits.role != Role::kRegressor;
}

Answer Label(const Traits& traits) {
  return {Kind::kLabel, "label", traits.LabelWidth(), traits.targets.empty()};
}

// One answer, or one for each target, unless all targets share one.
void AddProbabilities(const Traits& traits, Kind kind, const std::string& name,
                      std::vector<Answer>& to) {
  if (traits.targets.empty() || traits.indicator_probabilities) {
    to.push_back({kind, name, traits.ProbabilityWidth(), false});
    return;
  }
  std::size_t offset = 0;
  for (std::size_t i = 0; i < traits.targets.size(); ++i) {
    const std::size_t width = traits.targets[i].size();
    to.push_back({kind, name + "_" + std::to_string(i), width, false, offset});
    offset += width;
  }
}

std::vector<Answer> Prediction(const Traits& traits) {
  if (HasLabels(traits)) return {Label(traits)};
  if (traits.role == Role::kRegressor) {
    return {{Kind::kPrediction, "prediction", traits.outputs, traits.flat}};
  }
  return {};
}

std::vector<Answer> Probabilities(const Traits& traits) {
  std::vector<Answer> answers;
  if (traits.probabilities)
    AddProbabilities(traits, Kind::kProbabilities, "probabilities", answers);
  return answers;
}

std::vector<Answer> LogProbabilities(const Traits& traits) {
  std::vector<Answer> answers;
  if (traits.probabilities) {
    AddProbabilities(traits, Kind::kLogProbabilities, "log_probabilities", answers);
  }
  return answers;
}

std::vector<Answer> Decision(const Traits& traits) {
  const std::size_t width = traits.decision_width;
  if (width == 0) return {};
  return {{Kind::kDecision, "decision", width, width == 1}};
}

std::vector<Answer> Scores(const Traits& traits) {
  if (!traits.score_samples) return {};
  return {{Kind::kScores, "score_samples", 1, true}};
}

// One answer of strings, or one for each column where some hold numbers.
std::vector<Answer> TransformedText(const Traits& traits) {
  const std::size_t width = traits.outputs;
  std::vector<Answer> answers;
  for (std::size_t j = 0; j < width; ++j) {
    const bool text = traits.OutputType(j) == ColumnType::kText;
    answers.push_back({text ? Kind::kTransformedText : Kind::kTransformed,
                       "transformed_" + std::to_string(j), 1, true, j});
  }
  const bool all = std::ranges::all_of(
      answers, [](const Answer& answer) { return answer.kind == Kind::kTransformedText; });
  if (all) return {{Kind::kTransformedText, "transformed", width, false}};
  return answers;
}

std::vector<Answer> Transformed(const Traits& traits) {
  const bool only_scores = traits.TransformWidth() == 0 && traits.score_samples;  // KernelDensity
  if (!traits.Transforms() || only_scores) return {};
  if (traits.GivesText()) return TransformedText(traits);
  return {{Kind::kTransformed, "transformed", traits.TransformWidth(), traits.flat_transform}};
}

struct Method {
  std::string_view name;
  std::vector<Answer> (*answers)(const Traits& traits);  // none where there is no such method
};

constexpr std::array kMethods = {
    Method{"predict", Prediction},
    Method{"predict_proba", Probabilities},
    Method{"predict_log_proba", LogProbabilities},
    Method{"decision_function", Decision},
    Method{"score_samples", Scores},
    Method{"transform", Transformed},
};

// What is served where no method is asked for.
std::vector<Answer> Offered(const Traits& traits) {
  std::vector<Answer> answers = Prediction(traits);
  std::ranges::move(Probabilities(traits), std::back_inserter(answers));
  if (answers.empty()) answers = Transformed(traits);
  if (answers.empty()) answers = Scores(traits);
  return answers;
}

Result<const Method*> FindMethod(const std::string& name) {
  const auto* found = std::ranges::find(kMethods, name, &Method::name);
  if (found != kMethods.end()) return found;
  std::string message = "method '" + name + "' is not known; known are";
  for (const Method& known : kMethods) message.append(" ").append(known.name);
  return Fail(Code::kInvalidArgument, std::move(message));
}

// One answer for each method of which a model server's clients know, called like it. What is
// several arrays in scikit-learn has no such form.
std::vector<Answer> ByMethod(const Traits& traits, const Method& first) {
  std::vector<Answer> named;
  const auto add = [&](const Method& method) {
    std::vector<Answer> answers = method.answers(traits);
    if (answers.size() != 1) return;
    answers[0].name = method.name;
    answers[0].flat = false;
    named.push_back(std::move(answers[0]));
  };
  add(first);
  for (const Method& method : kMethods) {
    const bool known =
        method.name == "predict" || method.name == "predict_proba" || method.name == "transform";
    if (known && method.name != first.name) add(method);
  }
  return named;
}

}  // namespace

Result<std::vector<Answer>> ChooseAnswers(const Traits& traits, const ModelOptions& options) {
  if (!options.first_output.empty()) {
    const auto first = FindMethod(options.first_output);
    if (!first) return Fail(first.error());
    std::vector<Answer> answers = ByMethod(traits, **first);
    return answers.empty() ? Offered(traits) : answers;
  }
  if (options.method.empty()) return Offered(traits);
  const std::string& method = options.method;
  const auto found = FindMethod(method);
  if (!found) return Fail(found.error());
  std::vector<Answer> answers = (*found)->answers(traits);
  if (answers.empty()) {
    return Fail(Code::kInvalidArgument, traits.name + " has no method " + method);
  }
  return answers;
}

}  // namespace plinth::sklearn
