// Models that are made of other models.
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/pipelines_fixture.h"

namespace plinth {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ServicePipelinesTest, StepsFollowEachOther) {
  DeployFactors();
  const auto info = Pipeline(R"({"steps": ["a", "b", "c"]})");
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->framework, "pipeline");
  ASSERT_EQ(info->signature.inputs.size(), 1U);
  EXPECT_EQ(info->signature.inputs[0].name, "x");
  EXPECT_EQ(Value(Start(2)), 210);
  EXPECT_EQ(Metric("model_requests_total{model=\"m\",version=\"v1\"}"), 1);
  EXPECT_EQ(Metric("model_requests_total{model=\"b\",version=\"v1\"}"), 1);
}

TEST_F(ServicePipelinesTest, StepsMayBranchAndJoin) {
  DeployFactors();
  const auto info = Pipeline(R"({
    "inputs": [{"name": "value", "datatype": "FP32", "shape": [-1, -1]}],
    "steps": [
      {"name": "both", "builtin": "concat", "inputs": {"first": "one.y", "second": "two"}},
      {"name": "one", "model": "a", "inputs": {"x": "value"}},
      {"name": "two", "model": "b", "inputs": "value"}
    ],
    "outputs": {"joined": "both", "of_a": "one.y"}})");
  ASSERT_TRUE(info) << info.error().message;
  InferRequest request;
  request.inputs = {{"value", Numbers(1, 1, 2)}};
  auto answer = Start(std::move(request)).get();
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->outputs.size(), 2U);
  EXPECT_EQ(answer->outputs[0].tensor.shape(), (Shape{1, 2}));
  EXPECT_EQ(answer->outputs[0].tensor.values<float>()[0], 6);
  EXPECT_EQ(answer->outputs[0].tensor.values<float>()[1], 10);
  EXPECT_EQ(answer->outputs[1].tensor.values<float>()[0], 6);
}

TEST_F(ServicePipelinesTest, OnlyWhatIsWantedIsRun) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({"steps": [{"name": "one", "model": "a", "inputs": {"x": "x"}},
                                     {"name": "two", "model": "b", "inputs": {"x": "x"}}],
                           "outputs": {"p": "one", "q": "two"}})"));
  InferRequest request = Request(1);
  request.outputs = {"q"};
  auto answer = Start(std::move(request)).get();
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->outputs.size(), 1U);
  EXPECT_EQ(answer->outputs[0].name, "q");
  EXPECT_EQ(Metric("model_requests_total{model=\"a\",version=\"v1\"}"), 0);
}

TEST_F(ServicePipelinesTest, StepsThatNeedNotWaitRunSideBySide) {
  ASSERT_TRUE(DeployAs("a", "delay_ms 150\n"));
  ASSERT_TRUE(DeployAs("b", "delay_ms 150\n"));
  ASSERT_TRUE(Pipeline(R"({"steps": [{"model": "a", "inputs": "x"}, {"model": "b", "inputs": "x"},
      {"builtin": "mean", "inputs": {"p": "a", "q": "b"}}]})"));
  const auto start = Clock::now();
  EXPECT_EQ(Value(Start(2)), 4);
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(280));
}

TEST_F(ServicePipelinesTest, AValueChooses) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({"steps": [
      {"name": "large", "builtin": "compare", "options": {"op": ">", "value": 10}, "inputs": "x"},
      {"name": "r", "if": "large", "then": "a", "else": {"model": "b"}, "inputs": {"x": "x"}}]})"));
  EXPECT_EQ(Value(Start(20)), 60);
  EXPECT_EQ(Value(Start(2)), 10);
  EXPECT_THAT(Refusal(R"({"steps": [{"name": "r", "switch": "x", "inputs": {"x": "x"},
                                     "cases": {"1": "a", "2": {"builtin": "select"}}}]})"),
              HasSubstr("case '2' has no output of a name that case '1' has, too"));
  ASSERT_TRUE(Remove("m"));
  EXPECT_EQ(Refusal(R"({"steps": [
      {"name": "r", "switch": "x", "cases": {"1": "a", "2.5": "b"}, "inputs": {"x": "x"}}]})"),
            "");
  EXPECT_EQ(Value(Start(1)), 3);
  EXPECT_EQ(Value(Start(2.5)), 12.5);
  EXPECT_THAT(
      MessageOf(Start(3)),
      HasSubstr("step 'r': there is no case for '3' and no \"default\"; the cases are '1', '2.5'"));
}

TEST_F(ServicePipelinesTest, ValuesAreTheSameHoweverTheyAreWritten) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({"steps": [
      {"name": "r", "switch": "x", "cases": {"1.0": "a", "2e0": "b"}, "default": "c", "inputs": "x"}]})"));
  EXPECT_EQ(Value(Start(1)), 3);
  EXPECT_EQ(Value(Start(2)), 10);
  EXPECT_EQ(Value(Start(3)), 21);
}

TEST_F(ServicePipelinesTest, LargeWholeNumbersAreToldApart) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, -1]},
               {"name": "id", "datatype": "INT64", "shape": [1]}],
    "steps": [{"name": "r", "switch": "id", "inputs": {"x": "x"},
               "cases": {"9007199254740992": "a", "9007199254740993.0": "b"}, "default": "c"},
              {"builtin": "compare", "options": {"op": ">", "value": 9007199254740992},
               "inputs": "id"}],
    "outputs": {"y": "r", "above": "compare"}})"));
  const auto expect = [this](std::int64_t id, float y, bool above) {
    auto scalar = Tensor::Allocate(DType::kInt64, {1});
    scalar->mutable_values<std::int64_t>()[0] = id;
    InferRequest request = Request(1);
    request.inputs.push_back({"id", *scalar});
    const auto answer = Start(std::move(request)).get();
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->outputs[0].tensor.values<float>()[0], y);
    EXPECT_EQ(answer->outputs[1].tensor.values<std::uint8_t>()[0] != 0, above);
  };
  expect(9007199254740992, 3, false);
  expect(9007199254740993, 5, true);
  expect(9007199254740994, 7, true);
}

TEST_F(ServicePipelinesTest, AnotherAnswersWhereAStepFails) {
  DeployFactors();
  ASSERT_TRUE(DeployAs("bad", "fail_on 7\n"));
  ASSERT_TRUE(Pipeline(R"({"steps": [{"model": "bad", "fallback": "b"}]})"));
  EXPECT_EQ(Value(Start(1)), 2);
  EXPECT_EQ(Value(Start(7)), 35);
  ASSERT_TRUE(DeployAs("slow", "delay_ms 500\n"));
  ASSERT_TRUE(
      Pipeline(R"({"steps": [{"model": "slow", "fallback": "b", "timeout_ms": 40}]})", true));
  EXPECT_EQ(Value(Start(1)), 5);
  ASSERT_TRUE(
      Pipeline(R"({"steps": [{"model": "bad", "fallback": "slow", "timeout_ms": 40}]})", true));
  ASSERT_TRUE(Pipeline(R"({"steps": [{"model": "bad", "fallback": {"model": "bad"}}]})", true));
  EXPECT_THAT(MessageOf(Start(7)),
              AllOf(StartsWith("step 'bad'"), HasSubstr("it answers because of: ")));
}

TEST_F(ServicePipelinesTest, RowsOneByOne) {
  DeployFactors();
  ASSERT_TRUE(DeployAs("bad", "fail_on 7\n"));
  ASSERT_TRUE(Pipeline(R"({"steps": [{"model": "bad", "for_each": "x", "inputs": "x"}]})"));
  InferRequest request;
  request.inputs = {{"x", Numbers(5, 1, 1)}};
  auto answer = Start(std::move(request)).get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->outputs[0].tensor.shape(), (Shape{5, 1}));
  EXPECT_EQ(answer->outputs[0].tensor.values<float>()[4], 10);
  request = {};
  request.inputs = {{"x", Numbers(0, 1, 1)}};
  answer = Start(std::move(request)).get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->outputs[0].tensor.shape(), (Shape{0, 0}));
  request = {};
  request.inputs = {{"x", Numbers(70, 1, 1)}};
  EXPECT_THAT(MessageOf(Start(std::move(request))), StartsWith("step 'bad': row 6: "));
}

// Rows of rows, each of which is a request of another pipeline: they are counted together.
TEST_F(ServicePipelinesTest, StepsOfARequestAreBounded) {
  DeploySpec inner;
  inner.config.timeout_ms = 0;  // the sanitizers take longer than the default
  inner.name = "inner";
  inner.path = Folder(R"({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 1]}],
      "steps": [{"name": "i", "builtin": "softmax", "for_each": "x", "inputs": {"x": "x"}}]})");
  ASSERT_TRUE(DeploySpecNow(inner));
  DeploySpec outer = inner;
  outer.name = "m";
  outer.path = Folder(R"({"inputs": [{"name": "n", "datatype": "FP32", "shape": [-1, -1]},
                                     {"name": "x", "datatype": "FP32", "shape": [30000, 1]}],
      "steps": [{"name": "o", "for_each": "n", "inputs": {"n": "n", "x": "x"}, "graph": {
        "steps": [{"model": "inner", "inputs": {"x": "x"}},
                  {"builtin": "select", "inputs": {"n": "n", "y": "inner"}}]}}]})");
  ASSERT_TRUE(DeploySpecNow(std::move(outer)));
  InferRequest request;
  request.inputs = {{"n", Numbers(40, 1, 1)}, {"x", Numbers(30'000, 1, 1)}};
  const auto answer = Start(std::move(request)).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kPayloadTooLarge);
  // Whose step was one too many depends on the threads.
  EXPECT_THAT(answer.error().message,
              AllOf(StartsWith("step 'o': row "), HasSubstr("more than 1000000 steps")));
}

TEST_F(ServicePipelinesTest, WhatRowsGiveIsBounded) {
  ASSERT_TRUE(Pipeline(R"({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 1]},
                                      {"name": "all", "datatype": "FP32", "shape": [1048576, 1]}],
      "steps": [{"name": "s", "builtin": "select", "for_each": "x",
                 "inputs": {"x": "x", "all": "all"}}], "outputs": ["s.all"]})"));
  InferRequest request;
  const std::int64_t many = 1 << 20;  // rows of 4 bytes: 257 times 4 MiB are more than 1 GiB
  request.inputs = {{"x", Numbers(257, 1, 1)}, {"all", Numbers(many, 1, 1)}};
  const auto answer = Start(std::move(request)).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kPayloadTooLarge);
  EXPECT_THAT(answer.error().message, StartsWith("step 's': its outputs for all rows have more"));
}

TEST_F(ServicePipelinesTest, APipelineInAPipeline) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({"steps": [
      {"name": "inner", "graph": {"steps": ["a", "b"]}, "inputs": {"x": "x"}},
      "c"]})"));
  EXPECT_EQ(Value(Start(1)), 105);
}

TEST_F(ServicePipelinesTest, ItHasPartsOfItsOwn) {
  const auto folder = Folder(R"({"steps": [{"name": "own", "file": "part.testmodel"}]})");
  std::ofstream(folder / "part.testmodel") << "factor 9\n";
  DeploySpec spec;
  spec.name = "m";
  spec.path = folder;
  ASSERT_TRUE(DeploySpecNow(spec));
  EXPECT_EQ(Value(Start(1)), 9);
  EXPECT_EQ(Metric("model_requests_total{model=\"m/own\",version=\"v1\"}"), 1);
  spec.replace = true;
  ASSERT_TRUE(DeploySpecNow(spec));
  EXPECT_EQ(Value(Start(1)), 9);
  EXPECT_EQ(Metric("model_requests_total{model=\"m/own\",version=\"v1\"}"), 3);  // one rehearsed
  EXPECT_EQ(service_->List().size(), 1U);
  ASSERT_TRUE(Remove("m"));
  for (int i = 0; i < 500 && Metric("model_requests_total{model=\"m/own\",version=\"v1\"}") > 0;
       ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(Metric("model_requests_total{model=\"m/own\",version=\"v1\"}"), 0);
}

TEST_F(ServicePipelinesTest, WhatDoesNotFitIsRefused) {
  DeployFactors();
  EXPECT_THAT(Refusal(R"({"steps": ["a", "nobody"]})"),
              AllOf(HasSubstr("step 'nobody'"), HasSubstr("must be deployed before the pipeline")));
  EXPECT_THAT(Refusal(R"({"steps": [{"builtin": "argmax", "inputs": "a"}, "a"]})"),
              HasSubstr("wait for each other"));
  EXPECT_THAT(Refusal(R"({"steps": ["a", {"builtin": "argmax"}, "b"]})"),
              AllOf(HasSubstr("output 'y' of step 'argmax' is INT64 [-1], but input 'x' of step "
                              "'b' is FP32 [-1,-1]"),
                    HasSubstr("cast")));
  EXPECT_THAT(
      Refusal(R"({"steps": ["a", {"builtin": "reshape", "options": {"shape": [-1]}}, "b"]})"),
      HasSubstr("is FP32 [-1], but input 'x' of step 'b' is FP32 [-1,-1]; a step"));
  EXPECT_THAT(Refusal(R"({"steps": ["a", {"model": "b", "inputs": {"z": "a"}}]})"),
              HasSubstr("step 'b': it has no input 'z'"));
  EXPECT_THAT(Refusal(R"({"inputs": [{"name": "in", "datatype": "FP32"}],
                          "steps": [{"model": "a", "inputs": "inn"}]})"),
              HasSubstr("nothing is called 'inn'; did you mean 'in'?"));
  EXPECT_THAT(Refusal(R"({"steps": ["a", {"model": "b", "inputs": "x"}]})"),
              HasSubstr("step 'a' would never be run"));
  EXPECT_THAT(Refusal(R"({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, -1]},
                                     {"name": "more", "datatype": "FP32", "shape": [-1, -1]}],
                          "steps": ["a"]})"),
              HasSubstr("input 'more' of the pipeline would never be used"));
  EXPECT_THAT(Refusal(R"({"steps": ["a"], "outputs": {"y": "a.z"}})"), HasSubstr("'a.z'"));
  EXPECT_THAT(Refusal(R"({"steps": ["m"]})"), HasSubstr("step of itself"));
  EXPECT_THAT(Refusal(R"({"steps": [{"name": "s", "builtin": "sofmax", "inputs": "x"}]})"),
              HasSubstr("did you mean 'softmax'?"));
}

TEST_F(ServicePipelinesTest, AStepMayBeCalledLikeAnInput) {
  ASSERT_TRUE(DeployAs("x", "factor 3\n"));
  EXPECT_EQ(Refusal(R"({"steps": ["x"]})"), "");
  EXPECT_EQ(Value(Start(1)), 3);
  EXPECT_EQ(Refusal(R"({"steps": ["x", {"name": "y", "model": "x", "inputs": "x"}]})"), "");
  EXPECT_EQ(Value(Start(1)), 9);
}

TEST_F(ServicePipelinesTest, AMemberMayBeReplacedMeanwhile) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({"steps": ["a", "b", "c"]})"));
  std::atomic<bool> stop = false;
  std::jthread replacer([&] {
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(DeployAs("b", "factor 5\n", {}, true));
      EXPECT_TRUE(Pipeline(R"({"steps": ["a", "b", "c"]})", true));
    }
    stop = true;
  });
  int answers = 0;
  while (!stop) {
    auto one = Start(1);
    auto two = Start(2);
    ASSERT_EQ(Value(std::move(one)), 105);
    ASSERT_EQ(Value(std::move(two)), 210);
    ++answers;
  }
  EXPECT_GT(answers, 0);
}

TEST_F(ServicePipelinesTest, AMemberOfAnotherShapeIsTold) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(R"({"steps": ["a"]})"));
  const auto replace = [this](const std::string& builtin) {
    DeploySpec other;
    other.name = "a";
    other.path = Folder(R"({"steps": ["c", {"name": "s", "builtin": )" + builtin + "}]}");
    other.replace = true;
    ASSERT_TRUE(DeploySpecNow(std::move(other)));
  };
  replace(R"("argmax")");
  auto answer = Start(2).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_EQ(answer.error().message,
            "step 'a': its output 'y' is now INT64 [1] and was FP32 [-1,-1] when the pipeline was "
            "loaded; load the pipeline again");
  replace(R"("reshape", "options": {"shape": [-1]})");
  answer = Start(2).get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("is now FP32 [1] and was FP32 [-1,-1] when"));
}

TEST_F(ServicePipelinesTest, WhatAStepIsGivenByAnotherIsNoMistakeOfTheRequest) {
  DeployFactors();
  ASSERT_TRUE(DeployAs("bad", "fail_on 7\n"));
  const auto code = [this](float value) {
    const auto answer = Start(value).get();
    return answer ? Code::kUnimplemented : answer.error().code;
  };
  ASSERT_TRUE(Pipeline(R"({"steps": ["bad", "a"]})"));
  EXPECT_EQ(code(7), Code::kInvalidArgument);
  ASSERT_TRUE(Pipeline(R"({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, -1]}],
      "steps": [{"builtin": "cast", "options": {"dtype": "FP32"}, "inputs": {"x": "x"}},
                {"model": "bad", "inputs": "cast.x"}]})",
                       true));
  EXPECT_EQ(code(7), Code::kInvalidArgument);
  ASSERT_TRUE(DeployAs("one", "factor 1\n"));
  ASSERT_TRUE(Pipeline(R"({"steps": ["one", "bad"]})", true));
  EXPECT_EQ(code(7), Code::kInternal);
  ASSERT_TRUE(Pipeline(R"({"steps": ["one", {"name": "g", "graph": {"steps": ["bad"]}}]})", true));
  EXPECT_EQ(code(7), Code::kInternal);
}

TEST_F(ServicePipelinesTest, CachedAnswersAreGoodUntilAMemberIsReplaced) {
  DeployFactors();
  DeploySpec spec;
  spec.name = "m";
  spec.path = Folder(R"({"steps": ["a", "b"]})");
  spec.config.cache_size = 10;
  ASSERT_TRUE(DeploySpecNow(spec));
  EXPECT_EQ(Value(Start(1)), 15);
  auto again = Start(1).get();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->cached);
  ASSERT_TRUE(DeployAs("b", "factor 6\n", {}, true));
  EXPECT_EQ(Value(Start(1)), 18);
}

TEST_F(ServicePipelinesTest, RequestsEndWithTheirDeadlineAndTheirClients) {
  ASSERT_TRUE(DeployAs("slow", "delay_ms 400\n", Config(0, 1)));
  ASSERT_TRUE(Pipeline(R"({"steps": ["slow"]})"));
  InferRequest request = Request(1);
  request.timeout = std::chrono::milliseconds(50);
  auto first = Start(Request(1));
  EXPECT_EQ(CodeOf(Start(std::move(request))), Code::kDeadlineExceeded);
  EXPECT_TRUE(first.get());
  EXPECT_EQ(CodeOf(Start(1, [] { return true; })), Code::kCancelled);
}

TEST_F(ServicePipelinesTest, WhatIsLateIsNotBegun) {
  DeployFactors();
  ASSERT_EQ(Refusal(R"({
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 1]}],
    "steps": [{"name": "g", "for_each": "x", "inputs": {"x": "x"}, "graph": {"steps": [
      {"builtin": "reshape", "options": {"shape": [1, 1]}, "inputs": "x"}, "a", "b", "c"]}}]})"),
            "");
  InferRequest request;
  request.inputs = {{"x", Numbers(60'000, 1, 1)}};
  request.timeout = std::chrono::milliseconds(20);
  const auto start = Clock::now();
  EXPECT_EQ(CodeOf(Start(std::move(request))), Code::kDeadlineExceeded);
  EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(500));
}

TEST_F(ServicePipelinesTest, AStepThatTookTooLongIsReplacedAndNotCancelled) {
  ASSERT_TRUE(DeployAs("b", "factor 5\n"));
  ASSERT_TRUE(DeployAs("slow", "delay_ms 30\n"));
  ASSERT_TRUE(Pipeline(R"({"steps": [{"model": "slow", "fallback": "b", "timeout_ms": 30}]})"));
  for (int i = 0; i < 30; ++i) {
    const float value = Value(Start(1));
    EXPECT_TRUE(value == 5 || value == 2) << value;
  }
}

TEST_F(ServicePipelinesTest, NoMoreRunThanMayWait) {
  ASSERT_TRUE(DeployAs("slow", "delay_ms 200\n"));
  DeploySpec spec;
  spec.name = "m";
  spec.path = Folder(R"({"steps": ["slow"]})");
  spec.config.max_queue = 2;
  ASSERT_TRUE(DeploySpecNow(spec));
  auto one = Start(1);
  auto two = Start(1);
  EXPECT_EQ(CodeOf(Start(1)), Code::kResourceExhausted);
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  EXPECT_TRUE(Start(1).get());
}

TEST_F(ServicePipelinesTest, SettingsOfItsMembersAreSaidToDoNothing) {
  DeployFactors();
  DeploySpec spec;
  spec.name = "m";
  spec.path = Folder(R"({"steps": ["a", "b"]})");
  spec.config.batch_timeout_ms = 5;
  spec.config.threads = 2;
  const auto info = DeploySpecNow(std::move(spec));
  ASSERT_TRUE(info);
  EXPECT_THAT(info->warnings, testing::ElementsAre(StartsWith("batch_timeout_ms has no effect"),
                                                   StartsWith("threads has no effect")));
}

TEST_F(ServicePipelinesTest, WhatStepsTookCanBeSeen) {
  DeployFactors();
  ASSERT_TRUE(Pipeline(
      R"({"steps": [{"name": "p", "graph": {"steps": ["a"]}, "inputs": {"x": "x"}}, "b"]})"));
  InferRequest request = Request(1);
  request.trace = std::make_shared<RequestTrace>();
  const auto trace = request.trace;
  ASSERT_TRUE(Start(std::move(request)).get());
  const auto steps = trace->Take();
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].step, "p.a");
  EXPECT_EQ(steps[0].model, "a");
  EXPECT_EQ(steps[0].version, "v1");
  EXPECT_EQ(steps[1].step, "p");
  EXPECT_EQ(steps[2].step, "b");
  EXPECT_GT(steps[2].took.count(), 0);
}

}  // namespace
}  // namespace plinth
