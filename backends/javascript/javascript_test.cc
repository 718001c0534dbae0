#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/testing.h"

namespace plinth::javascript {
namespace {

using ::plinth::testing::ElementsOf;
using ::plinth::testing::LoadError;
using ::plinth::testing::LoadModel;
using ::plinth::testing::Numbers;
using ::plinth::testing::Predict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kSignature =
    "export const signature = {inputs: {x: {dtype: 'float32', shape: [-1]}},\n"
    "  outputs: {y: {dtype: 'float32', shape: [-1]}}};\n";

class JavascriptTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A model with kSignature and this code behind it.
  std::string Write(std::string_view code) const {
    const std::filesystem::path file = folder_ / "model.ts";
    std::ofstream(file) << kSignature << code;
    return file;
  }

  static Result<std::vector<NamedTensor>> Ask(LoadedModel& model, double x) {
    return Predict(model, {Numbers("x", DType::kFp32, Shape{1}, {x})});
  }

  std::filesystem::path folder_;
};

TEST_F(JavascriptTest, AnswersOutliveLaterCalls) {
  const auto model = LoadModel("javascript", Write(R"(
    export function predict({x}) { return new Float32Array(50000).fill(x.data[0]); })"));
  ASSERT_NE(model, nullptr);
  std::vector<std::vector<NamedTensor>> answers;
  answers.reserve(40);
  for (int i = 0; i < 40; ++i) answers.push_back(Ask(*model, i).value());
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(ElementsOf(answers[static_cast<std::size_t>(i)][0].tensor),
              std::vector<double>(50000, i));
  }
}

TEST_F(JavascriptTest, IsCalledFromOneThreadAfterAnother) {
  const auto model = LoadModel("javascript", Write(R"(
    const kept = [];
    export async function predict({x}) { kept.push([...x.data]); await 0; return kept.flat(); })"));
  ASSERT_NE(model, nullptr);
  for (int i = 1; i <= 50; ++i) {
    std::thread([&] {
      const auto answer = Ask(*model, i);
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(ElementsOf(answer->front().tensor).size(), static_cast<std::size_t>(i));
    }).join();
  }
}

// To collect garbage the library stops all threads that have run the code, by a signal. It would
// wait for ever for one that blocks it.
TEST_F(JavascriptTest, CollectsGarbageThoughItsThreadsBlockSignals) {
  const auto model = LoadModel("javascript", Write(R"(
    const kept = [];
    export function predict({x}) {
      for (let i = 0; i < 300000; i++) kept[i % 1000] = {i};
      return x;
    })"));
  ASSERT_NE(model, nullptr);
  const auto call = [&](double x) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    EXPECT_TRUE(Ask(*model, x));
  };
  std::latch over(1);
  std::latch called(1);
  std::thread first([&] {
    call(1);
    called.count_down();
    over.wait();
  });
  called.wait();
  std::thread([&] {
    for (int i = 0; i < 5; ++i) call(2);
  }).join();
  over.count_down();
  first.join();
}

// Code that replaces what the prelude works with gets no hold of memory that it has given away.
TEST_F(JavascriptTest, SurvivesCodeThatChangesTheLanguage) {
  const auto model = LoadModel("javascript", Write(R"(
    const seen = [];
    const spy = (owner, name) => {
      const old = owner[name];
      owner[name] = function (...all) { seen.push(this, ...all); return Reflect.apply(old, this, all); };
    };
    for (const owner of [Array.prototype, Map.prototype, Function.prototype]) {
      for (const name of ["map", "set", "get", "call", "push"]) if (owner[name] && name !== "push") spy(owner, name);
    }
    ArrayBuffer.prototype.transfer = function () { seen.push(this); return this; };
    let n = 0;
    export function predict({x}) {
      for (const value of seen) {
        const views = Array.isArray(value) ? value : [value];
        for (const view of views) {
          if (view instanceof Float32Array) view.fill(-1);
          if (view instanceof ArrayBuffer) new Uint8Array(view).fill(255);
        }
      }
      const y = new Float32Array(50000).fill(x.data[0]);
      seen.push(y, y.buffer);
      return {y};
    })"));
  ASSERT_NE(model, nullptr);
  std::vector<std::vector<NamedTensor>> answers;
  for (int i = 0; i < 5; ++i) {
    auto answer = Ask(*model, i);
    if (answer) answers.push_back(*std::move(answer));
  }
  ASSERT_FALSE(answers.empty());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::vector<double> elements = ElementsOf(answers[i][0].tensor);
    EXPECT_EQ(elements, std::vector<double>(50000, elements.front()));
    EXPECT_GE(elements.front(), 0);
  }
}

TEST_F(JavascriptTest, RefusesArraysThatLie) {
  for (const char* lie : {
           "class L extends Float32Array { get length() { return 1e6; } } return new L(1);",
           "const y = new Float32Array(4); Object.defineProperty(y, 'buffer', {value: "
           "new ArrayBuffer(1e6)}); Object.defineProperty(y, 'length', {value: 250000}); return y;",
           "return {data: new Proxy(new Float32Array(4), {}), shape: [4]};",
           "const y = new Float32Array(4); y.buffer.transfer(); return y;",
           "const y = [1, 2, 3]; y.length = 4e9; return y;",
           "const b = new ArrayBuffer(8, {maxByteLength: 1e6}); const y = new Float32Array(b);"
           "return {data: y, get shape() { b.resize(0); return [2]; }};",
       }) {
    SCOPED_TRACE(lie);
    const auto model = LoadModel(
        "javascript", Write(std::string("export function predict({x}) { if (x.data[0] === 1) {") +
                            lie + "} return x; }"));
    ASSERT_NE(model, nullptr);
    EXPECT_FALSE(Ask(*model, 1));
    const auto answer = Ask(*model, 2);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_THAT(ElementsOf(answer->front().tensor), ElementsAre(2));
  }
}

TEST_F(JavascriptTest, SaysWhatIsMissing) {
  EXPECT_THAT(LoadError("javascript", folder_ / "none.ts").message, HasSubstr("none.ts"));
  EXPECT_THAT(LoadError("javascript", folder_).message, HasSubstr("no index.ts, model.ts"));
  const Error error = LoadError("javascript", Write("export const predict = 'x';\nlet a = ;"));
  EXPECT_EQ(error.code, Code::kInvalidModel);
  EXPECT_THAT(error.message, HasSubstr("model.ts:4:9: SyntaxError"));
}

}  // namespace
}  // namespace plinth::javascript
