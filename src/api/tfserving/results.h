// A model's outputs as classes with scores, or as the values of a regression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/class_labels.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

// The outputs to ask a model for. INVALID_ARGUMENT: it has none that would do.
Result<std::vector<std::string>> OutputsToClassify(const Signature& signature);
Result<std::vector<std::string>> OutputsToRegress(const Signature& signature);

// The classes of each example.
//
// Outputs of [examples, classes] give each class its label and its score; labels that the model's
// configuration has for the scores come before those of an output. Where only the scores have that
// shape and the labels are [examples], a label is the class that the model has chosen, and its
// score is the largest one. Labels of numbers are written in digits; what there is nothing for is
// "" or 0.
class Classification {
 public:
  // From the outputs that OutputsToClassify() names, of a request with so many examples.
  // INVALID_ARGUMENT for shapes that do not fit. Shares the memory of the tensors and the names.
  static Result<Classification> Of(const Signature& signature, const ClassLabels& names,
                                   std::span<const NamedTensor> outputs, std::int64_t examples);

  std::size_t examples() const { return examples_; }
  std::size_t classes() const { return classes_; }  // of each example

  std::string LabelOf(std::size_t example, std::size_t index) const;
  float ScoreOf(std::size_t example, std::size_t index) const;

 private:
  std::size_t examples_ = 0;
  std::size_t classes_ = 0;
  ClassLabels names_;
  std::span<const std::string> labels_of_scores_;
  bool has_labels_ = false;
  bool has_scores_ = false;
  std::size_t scores_of_each_ = 0;  // more than classes_ if the largest one is meant
  Tensor labels_;
  Tensor scores_;
};

// One value of each example, from the output that OutputsToRegress() names. INVALID_ARGUMENT for
// other shapes than [examples] and [examples, 1].
Result<std::vector<float>> RegressionOf(const Signature& signature,
                                        std::span<const NamedTensor> outputs,
                                        std::int64_t examples);

// {"results": [[["label", 0.5], ...], ...]} and {"results": [1.0, ...]}
std::string EncodeClassification(const Classification& classification);
std::string EncodeRegression(std::span<const float> values);

}  // namespace plinth::api::tfserving
