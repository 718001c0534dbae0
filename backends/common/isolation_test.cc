// All backends in one process: their runtimes bring libraries of the same names (OpenMP, protobuf,
// oneDNN) and must not meet.
#include <gtest/gtest.h>

#include <thread>

#include "common/testing.h"

namespace plinth::testing {
namespace {

struct Served {
  std::string backend;
  DigitsCase digits;
  std::unique_ptr<LoadedModel> model;
};

std::vector<Served> ServeAll() {
  std::vector<Served> all;
  for (const auto& [backend, file] : {std::pair{"onnxruntime", "cnn.onnx"},
                                      {"openvino", "keras_savedmodel"},
                                      {"openvino", "cnn.onnx"},
                                      {"pytorch", "cnn.pt"},
                                      {"sklearn", "pipeline.joblib"}}) {
    DigitsCase digits = LoadDigits(file);
    auto model = LoadModel(backend, digits.file);
    if (model == nullptr) continue;
    digits.input.name = model->signature().inputs[0].name;
    all.push_back({backend, std::move(digits), std::move(model)});
  }
  return all;
}

void ExpectRightAnswer(Served& served) {
  SCOPED_TRACE(served.backend + " with " + served.digits.file);
  const auto outputs = Predict(*served.model, {served.digits.input});
  ASSERT_TRUE(outputs) << outputs.error().message;
  ExpectSame(outputs->at(0).tensor, served.digits.outputs[0].tensor, served.digits.tolerance);
}

TEST(IsolationTest, AllBackendsAnswerInTurns) {
  std::vector<Served> all = ServeAll();
  ASSERT_EQ(all.size(), 5u);
  for (int round = 0; round < 10; ++round) {
    for (Served& served : all) ExpectRightAnswer(served);
  }
}

TEST(IsolationTest, AllBackendsAnswerAtOnce) {
  std::vector<Served> all = ServeAll();
  ASSERT_EQ(all.size(), 5u);
  std::vector<std::thread> threads;
  threads.reserve(all.size());
  for (Served& served : all) {
    threads.emplace_back([&served] {
      for (int round = 0; round < 20; ++round) ExpectRightAnswer(served);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(IsolationTest, OneMayGoWhileTheOthersAnswer) {
  std::vector<Served> all = ServeAll();
  while (!all.empty()) {
    all.erase(all.begin());
    for (Served& served : all) ExpectRightAnswer(served);
  }
}

// A failure inside one runtime: exceptions are thrown and caught across libraries that each bring
// their own type information.
TEST(IsolationTest, ErrorsOfOneLeaveTheOthersAlone) {
  std::vector<Served> all = ServeAll();
  for (const std::string backend : {"onnxruntime", "openvino", "pytorch", "sklearn"}) {
    EXPECT_FALSE(LoadError(backend, SourcePath("examples/digits/train.py")).message.empty());
  }
  for (Served& served : all) {
    EXPECT_FALSE(Predict(*served.model,
                         {Numbers(served.digits.input.name, served.digits.input.tensor.dtype(),
                                  {1, 2, 3}, {1, 2, 3, 4, 5, 6})}))
        << served.backend;
    ExpectRightAnswer(served);
  }
}

}  // namespace
}  // namespace plinth::testing
