#include "api/openinference/infer_inputs.h"

#include <sys/mman.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_descriptor.h"

namespace plinth::api::openinference {
namespace {

using testing::HasSubstr;

TensorSpec Spec(std::string name, DType dtype, std::optional<Shape> shape, bool optional = false) {
  return {.name = std::move(name),
          .dtype = dtype,
          .shape = shape,
          .batch_axis = 0,
          .optional = optional};
}

// A model of two required inputs and an optional one.
class InferInputsTest : public testing::Test {
 protected:
  InferInputsTest() {
    signature_.inputs = {Spec("A", DType::kFp32, Shape{-1, 2}), Spec("B", DType::kInt32, Shape{-1}),
                         Spec("C", DType::kBytes, Shape{-1}, true)};
    signature_.outputs = {{.name = "Y", .dtype = DType::kAny, .shape = std::nullopt}};
    config_.batch_size = 4;
  }

  static GivenInput Given(std::string name, std::optional<DType> dtype, const Shape& shape,
                          std::size_t bytes) {
    return {.name = std::move(name),
            .dtype = dtype,
            .shape = shape,
            .data = Buffer::FromString(std::string(bytes, '\0'))};
  }

  static InferBody Good() {
    InferBody body;
    body.id = "7";
    body.inputs = {Given("A", DType::kFp32, {1, 2}, 8), Given("B", DType::kInt32, {1}, 4)};
    return body;
  }

  std::string Refusal(InferBody body) {
    const auto inputs = MakeInputs(body, View(), false);
    if (inputs) return "none";
    EXPECT_EQ(inputs.error().code, Code::kInvalidArgument);
    return inputs.error().message;
  }

  ModelView View() const { return {"M", signature_, config_}; }

  Signature signature_;
  ModelConfig config_;
};

TEST_F(InferInputsTest, MakesTensors) {
  InferBody body = Good();
  const auto inputs = MakeInputs(body, View(), false);
  ASSERT_TRUE(inputs) << inputs.error().message;
  ASSERT_EQ(inputs->size(), 2U);
  EXPECT_EQ(inputs->at(0).name, "A");
  EXPECT_EQ(inputs->at(0).tensor.shape(), (Shape{1, 2}));
}

TEST_F(InferInputsTest, CountsInputs) {
  InferBody few = Good();
  few.inputs.pop_back();
  EXPECT_EQ(Refusal(std::move(few)),
            "[request id: 7] expected number of inputs between 2 and 3 but got 1 inputs for model "
            "'M'. Got input(s) ['A'], but missing required input(s) ['B']. Please provide all "
            "required input(s).");
  InferBody many = Good();
  many.inputs.push_back(Given("C", DType::kBytes, {0}, 0));
  many.inputs.push_back(Given("D", DType::kBytes, {0}, 0));
  EXPECT_THAT(Refusal(std::move(many)), HasSubstr("between 2 and 3 but got 4 inputs"));
  signature_.inputs.pop_back();
  InferBody none = Good();
  none.id = "";
  none.inputs.clear();
  EXPECT_EQ(Refusal(std::move(none)),
            "[request id: <id_unknown>] expected 2 inputs but got 0 inputs for model 'M'. Got "
            "input(s) [], but missing required input(s) ['A','B']. Please provide all required "
            "input(s).");
}

TEST_F(InferInputsTest, ChecksBatches) {
  InferBody uneven = Good();
  uneven.inputs[1] = Given("B", DType::kInt32, {2}, 8);
  EXPECT_EQ(Refusal(std::move(uneven)),
            "[request id: 7] input 'B' batch size does not match other inputs for 'M'");
  InferBody large = Good();
  large.inputs = {Given("A", DType::kFp32, {5, 2}, 40), Given("B", DType::kInt32, {5}, 20)};
  EXPECT_EQ(Refusal(large), "[request id: 7] inference request batch-size must be <= 4 for 'M'");
  // A model without Triton's batches takes what its shapes take.
  config_.batch_size = 0;
  EXPECT_EQ(Refusal(std::move(large)), "none");
}

TEST_F(InferInputsTest, ChecksTypesAndShapes) {
  InferBody body = Good();
  body.inputs[1] = Given("B", DType::kInt64, {1}, 8);
  EXPECT_EQ(Refusal(std::move(body)),
            "[request id: 7] inference input 'B' data-type is 'INT64', but model 'M' expects "
            "'INT32'");
  body = Good();
  body.inputs[1] = Given("B", std::nullopt, {1}, 4);
  EXPECT_THAT(Refusal(std::move(body)), HasSubstr("data-type is '<invalid>', but model"));
  body = Good();
  body.inputs[0] = Given("A", DType::kFp32, {1, -1}, 8);
  EXPECT_EQ(Refusal(std::move(body)),
            "[request id: 7] All input dimensions should be specified for input 'A' for model 'M', "
            "got [1,-1]");
  body = Good();
  body.inputs[0] = Given("A", DType::kFp32, {1, 3}, 12);
  EXPECT_THAT(Refusal(std::move(body)),
              HasSubstr("unexpected shape for input 'A' for model 'M'. Expected [-1,2], got [1,3]. "
                        "NOTE: Setting a non-zero max_batch_size"));
}

TEST_F(InferInputsTest, ChecksStringsThatHaveBeenRead) {
  const std::string texts[] = {"a", "b"};
  InferBody body = Good();
  body.inputs.push_back(
      {.name = "C", .dtype = DType::kBytes, .shape = {1}, .data = Tensor::OfStrings({2}, texts)});
  EXPECT_EQ(Refusal(std::move(body)),
            "[request id: 7] unexpected number of string elements 2 for inference input 'C' for "
            "model 'M', expecting 1");
}

TEST_F(InferInputsTest, UsesSharedFloatsWhereTheyAreAndCopiesTheRest) {
  const FileDescriptor file(::memfd_create("shared", 0));
  ASSERT_EQ(::ftruncate(file.get(), 4096), 0);
  const auto mapping = *SharedMapping::Map(file.get(), 0, 4096);
  const auto make = [&](bool may_share) {
    InferBody body = Good();
    body.inputs[0].data = Buffer::Share(mapping, mapping->data(), 8);
    body.inputs[1].data = Buffer::Share(mapping, mapping->data() + 64, 4);
    for (GivenInput& input : body.inputs) input.shared = mapping;
    auto inputs = MakeInputs(body, View(), may_share);
    EXPECT_TRUE(inputs);
    return std::pair(*std::move(inputs), std::move(body));
  };
  const auto [shared, shared_body] = make(true);
  EXPECT_EQ(shared[0].tensor.data().data(), mapping->data());
  EXPECT_NE(shared[1].tensor.data().data(), mapping->data() + 64);  // an index must not change
  EXPECT_TRUE(shared_body.inputs[0].shared);
  EXPECT_FALSE(shared_body.inputs[1].shared);
  const auto [copied, copied_body] = make(false);
  EXPECT_NE(copied[0].tensor.data().data(), mapping->data());
  EXPECT_FALSE(copied_body.inputs[0].shared);
}

}  // namespace
}  // namespace plinth::api::openinference
