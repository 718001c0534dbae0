#include "pipeline/builtin.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::pipeline {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

// Built-in steps ask nothing of the server but threads.
class Nobody final : public Host {
 public:
  Status CheckChain(const std::string&, const std::string&, const std::string&) override {
    return {};
  }
  Result<Signature> SignatureOf(const std::string&, const std::string&) override {
    return Fail(Code::kFailedPrecondition, "there are no models");
  }
  Result<std::shared_ptr<ModelVersion>> LoadOwn(DeploySpec, Members&) override {
    return Fail(Code::kNotFound, "there are no files");
  }
  void Retire(ModelVersion&) override {}
  void Post(std::move_only_function<void()> task) override {
    ++posted;
    task();
  }
  void At(std::chrono::steady_clock::time_point, std::move_only_function<void()>) override {}

  int posted = 0;
};

template <typename T>
Tensor Of(DType type, const Shape& shape, std::vector<T> values) {
  auto tensor = Tensor::Allocate(type, shape);
  std::ranges::copy(values, tensor->mutable_values<T>().begin());
  return *tensor;
}
Tensor Floats(const Shape& shape, std::vector<float> values) {
  return Of<float>(DType::kFp32, shape, std::move(values));
}

TensorSpec Spec(const std::string& name, DType type, const Shape& shape) {
  TensorSpec spec;
  spec.name = name;
  spec.dtype = type;
  spec.shape = shape;
  return spec;
}

class BuiltinTest : public testing::Test {
 protected:
  Result<StagePtr> Make(const std::string& name, const std::string& options,
                        const std::vector<NamedTensor>& inputs) {
    std::vector<TensorSpec> specs;
    for (const NamedTensor& input : inputs) {
      specs.push_back(Spec(input.name, input.tensor.dtype(), input.tensor.shape()));
    }
    return MakeBuiltin(*FindBuiltin(name), options, specs, host_);
  }

  // All outputs; what is declared of them is checked.
  Result<std::vector<NamedTensor>> Run(const std::string& name, const std::string& options,
                                       std::vector<NamedTensor> inputs) {
    const auto stage = Make(name, options, inputs);
    if (!stage) return Fail(stage.error());
    const auto& outputs = (*stage)->signature().outputs;
    std::vector<std::uint32_t> wanted;
    for (std::uint32_t i = 0; i < outputs.size(); ++i) wanted.push_back(i);
    std::optional<Result<ModelAnswer>> answer;
    (*stage)->Start(std::move(inputs), wanted, {},
                    [&](Result<ModelAnswer> result) { answer = std::move(result); });
    if (!*answer) return Fail(answer->error());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const NamedTensor& output = (*answer)->outputs[i];
      EXPECT_EQ(output.name, outputs[i].name);
      EXPECT_EQ(output.tensor.dtype(), outputs[i].dtype);
      EXPECT_TRUE(outputs[i].shape->Admits(output.tensor.shape())) << output.name;
    }
    return std::move((*answer)->outputs);
  }

  std::string Refusal(const std::string& name, const std::string& options,
                      std::vector<NamedTensor> inputs) {
    const auto result = Run(name, options, std::move(inputs));
    return result ? "" : result.error().message;
  }

  Nobody host_;
};

TEST_F(BuiltinTest, SoftmaxAlongAnyAxis) {
  const Tensor x = Floats({2, 2}, {0, 0, 0, std::log(3.0F)});
  auto y = Run("softmax", "{}", {{"x", x}});
  ASSERT_TRUE(y);
  EXPECT_THAT((*y)[0].tensor.values<float>(),
              ElementsAre(0.5F, 0.5F, FloatNear(0.25F, 1e-6F), FloatNear(0.75F, 1e-6F)));
  y = Run("softmax", R"({"axis": 0})", {{"x", x}});
  EXPECT_THAT((*y)[0].tensor.values<float>(),
              ElementsAre(0.5F, FloatNear(0.25F, 1e-6F), 0.5F, FloatNear(0.75F, 1e-6F)));
  y = Run("softmax", "{}", {{"x", Floats({1, 2}, {3e38F, -3e38F})}});
  EXPECT_THAT((*y)[0].tensor.values<float>(), ElementsAre(1, 0));
  y = Run("softmax", "{}", {{"x", Of<std::int64_t>(DType::kInt64, {1, 2}, {5, 5})}});
  EXPECT_THAT((*y)[0].tensor.values<float>(), ElementsAre(0.5F, 0.5F));
  EXPECT_THAT(Refusal("softmax", R"({"axis": 2})", {{"x", x}}), HasSubstr("there is no axis 2"));
  EXPECT_THAT(Refusal("softmax", "{}", {{"x", Floats({}, {1})}}), HasSubstr("no axis -1"));
}

TEST_F(BuiltinTest, TopKInOrderWithLabels) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Floats({2, 3}, {0.2F, 0.5F, 0.5F, 1, nan, 7});
  auto top = Run("top_k", R"({"k": 2, "labels": ["a", "b", "c"]})", {{"x", x}});
  ASSERT_TRUE(top) << top.error().message;
  EXPECT_THAT((*top)[1].tensor.values<std::int64_t>(), ElementsAre(1, 2, 1, 2));
  EXPECT_EQ((*top)[0].tensor.values<float>()[0], 0.5F);
  EXPECT_EQ((*top)[0].tensor.values<float>()[3], 7);
  EXPECT_EQ((*top)[2].tensor.string_at(3), "c");
  top = Run("top_k", R"({"axis": 0})", {{"x", x}});
  EXPECT_EQ((*top)[1].tensor.shape(), (Shape{1, 3}));
  EXPECT_THAT((*top)[1].tensor.values<std::int64_t>(), ElementsAre(1, 1, 1));
  EXPECT_THAT(Refusal("top_k", R"({"k": 4})", {{"x", x}}), HasSubstr("only 3 to choose from"));
  EXPECT_THAT(Refusal("top_k", R"({"k": 3, "labels": ["a"]})", {{"x", x}}),
              HasSubstr("1 labels, and none for class"));
  EXPECT_THAT(Refusal("top_k", R"({"labels": [1]})", {{"x", x}}), HasSubstr("a list of strings"));
}

TEST_F(BuiltinTest, ArgmaxTakesTheAxisAway) {
  auto best = Run("argmax", "{}", {{"x", Floats({2, 2}, {1, 2, 4, 3})}});
  ASSERT_TRUE(best);
  EXPECT_EQ((*best)[0].tensor.shape(), Shape{2});
  EXPECT_THAT((*best)[0].tensor.values<std::int64_t>(), ElementsAre(1, 0));
  EXPECT_THAT(Refusal("argmax", "{}", {{"x", Floats({2, 0}, {})}}), HasSubstr("only 0"));
}

TEST_F(BuiltinTest, ConcatAndReshape) {
  const Tensor a = Floats({1, 2}, {1, 2});
  const Tensor b = Floats({1, 1}, {3});
  auto joined = Run("concat", "{}", {{"a", a}, {"b", b}});
  ASSERT_TRUE(joined) << joined.error().message;
  EXPECT_THAT((*joined)[0].tensor.values<float>(), ElementsAre(1, 2, 3));
  EXPECT_THAT(Refusal("concat", R"({"axis": 0})", {{"a", a}, {"b", b}}), testing::Not(""));
  EXPECT_THAT(Refusal("concat", "{}", {{"a", a}, {"b", Of<double>(DType::kFp64, {1, 1}, {3})}}),
              HasSubstr("'a' is FP32, 'b' is FP64"));
  auto flat = Run("reshape", R"({"shape": [-1, 1]})", {{"x", a}});
  ASSERT_TRUE(flat);
  EXPECT_EQ((*flat)[0].tensor.shape(), (Shape{2, 1}));
  EXPECT_THAT(Refusal("reshape", R"({"shape": [3]})", {{"x", a}}),
              HasSubstr("a tensor of shape [1,2] cannot become [3]"));
  EXPECT_THAT(Refusal("reshape", R"({"shape": [-1, 0]})", {{"x", a}}), HasSubstr("cannot become"));
  EXPECT_THAT(Refusal("reshape", R"({"shape": [-1, -1]})", {{"x", a}}), HasSubstr("one of which"));
  EXPECT_THAT(
      Refusal("reshape", R"({"shape": [9223372036854775807, 9223372036854775807]})", {{"x", a}}),
      HasSubstr("cannot become"));
}

TEST_F(BuiltinTest, MeanCompareCastSelect) {
  auto mean = Run("mean", "{}", {{"a", Floats({2}, {1, 2})}, {"b", Floats({2}, {3, 5})}});
  EXPECT_THAT((*mean)[0].tensor.values<float>(), ElementsAre(2, 3.5F));
  EXPECT_THAT(Refusal("mean", "{}", {{"a", Floats({2}, {1, 2})}, {"b", Floats({1}, {3})}}),
              HasSubstr("'a' is [2], 'b' is [1]"));
  auto larger = Run("compare", R"({"op": ">=", "value": 2})", {{"x", Floats({3}, {1, 2, NAN})}});
  EXPECT_THAT((*larger)[0].tensor.values<std::uint8_t>(), ElementsAre(0, 1, 0));
  EXPECT_THAT(Refusal("compare", R"({"op": "=>", "value": 2})", {{"x", Floats({1}, {1})}}),
              HasSubstr("one of > >="));
  auto cast = Run("cast", R"({"dtype": "INT64"})", {{"p", Floats({2}, {1.7F, -1.7F})}});
  EXPECT_THAT((*cast)[0].tensor.values<std::int64_t>(), ElementsAre(1, -1));
  const Tensor text = Tensor::OfStrings({1}, std::vector<std::string>{"t"});
  EXPECT_THAT(Refusal("cast", R"({"dtype": "FP32"})", {{"p", text}}), HasSubstr("is BYTES"));
  auto same = Run("select", "{}", {{"p", text}});
  EXPECT_EQ((*same)[0].tensor.string_at(0), "t");
}

TEST_F(BuiltinTest, EmptyTensorsOfAnySizeTakeNoTime) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 62;
  for (const Shape& shape : {Shape{1, kLarge, 0}, Shape{kLarge, 0}, Shape{0, kLarge}}) {
    const Tensor empty = Floats(shape, {});
    auto y = Run("softmax", "{}", {{"x", empty}});
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ((*y)[0].tensor.shape(), shape);
    EXPECT_TRUE(Run("softmax", R"({"axis": 0})", {{"x", empty}}));
    EXPECT_TRUE(Run("mean", "{}", {{"x", empty}}));
  }
  EXPECT_TRUE(Run("top_k", R"({"axis": 0})", {{"x", Floats({kLarge, 0}, {})}}));
}

TEST_F(BuiltinTest, WhatDoesNotFitIsRefusedBeforeItRuns) {
  const auto refusal = [&](const std::string& name, const std::string& options,
                           const std::vector<NamedTensor>& inputs) {
    const auto stage = Make(name, options, inputs);
    return stage ? "" : stage.error().message;
  };
  const Tensor x = Floats({2, 4}, std::vector<float>(8));
  EXPECT_THAT(refusal("softmax", R"({"axis": 5})", {{"x", x}}), HasSubstr("no axis 5"));
  EXPECT_THAT(refusal("softmax", "{}", {{"logits", x}}), HasSubstr("one input, 'x'; 'logits' is"));
  EXPECT_THAT(refusal("softmax", "{}", {{"x", x}, {"y", x}}), HasSubstr("2 are given"));
  EXPECT_THAT(refusal("top_k", R"({"k": 9})", {{"x", x}}), HasSubstr("only 4 to choose"));
  EXPECT_THAT(refusal("mean", "{}", {{"a", x}, {"b", Floats({2, 3}, std::vector<float>(6))}}),
              HasSubstr("'a' is [2,4], 'b' is [2,3]"));
  EXPECT_THAT(refusal("concat", "{}", {{"a", x}, {"b", Floats({3, 4}, std::vector<float>(12))}}),
              HasSubstr("do not fit together"));
  EXPECT_THAT(refusal("reshape", R"({"shape": [3, 3]})", {{"x", x}}), HasSubstr("cannot become"));
}

TEST_F(BuiltinTest, WhatWasNotGivenIsMissed) {
  const auto stage = Make("softmax", "{}", {{"x", Floats({1}, {1})}});
  ASSERT_TRUE(stage);
  std::string message;
  (*stage)->Start({}, {0}, {},
                  [&](Result<ModelAnswer> answer) { message = answer.error().message; });
  EXPECT_EQ(message, "input 'x' was not given");
}

TEST_F(BuiltinTest, LargeTensorsAreWorkedOnElsewhere) {
  ASSERT_TRUE(Run("softmax", "{}", {{"x", Floats({2}, {1, 2})}}));
  EXPECT_EQ(host_.posted, 0);
  ASSERT_TRUE(Run("softmax", "{}", {{"x", *Tensor::Allocate(DType::kFp32, {100'000})}}));
  EXPECT_EQ(host_.posted, 1);
}

}  // namespace
}  // namespace plinth::pipeline
