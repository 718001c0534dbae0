// Rows a second of scikit-learn models, alone and by the ten thousand, and how long reading a file
// takes.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model.h"
#include "pickle/load.h"

namespace {

using plinth::sklearn::Model;
using plinth::sklearn::Outputs;
using plinth::sklearn::Rows;

const std::string kDigits = std::string(PLINTH_SOURCE_DIR) + "/examples/digits/";

std::unique_ptr<Model> Load(benchmark::State& state, const std::string& path) {
  auto model = Model::Load(path, {});
  if (model) return std::move(*model);
  state.SkipWithError(model.error().message.c_str());
  return nullptr;
}

// Pixels of 0 to 16, as the digits have.
std::vector<double> Pixels(std::size_t count) {
  std::mt19937 random(1);
  std::vector<double> pixels(count);
  for (double& pixel : pixels) pixel = static_cast<double>(random() % 17);
  return pixels;
}

// label and probabilities of range(0) rows at once.
void Classify(benchmark::State& state, const std::string& path) {
  const auto model = Load(state, path);
  if (model == nullptr) return;
  const auto rows = static_cast<std::size_t>(state.range(0));
  const std::vector<double> x = Pixels(rows * model->traits().inputs);
  std::vector<double> probabilities(rows * model->traits().classes.size());
  std::vector<std::int32_t> labels(rows);
  const Outputs out{.labels = labels.data(), .probabilities = probabilities.data()};
  for (auto _ : state) {
    const auto status =
        model->Run(plinth::sklearn::Batch(Rows{x.data(), rows, model->traits().inputs, 0}), out);
    if (!status) state.SkipWithError(status.error().message.c_str());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rows) * state.iterations());
}

void ReadFile(benchmark::State& state, const std::string& path) {
  for (auto _ : state) benchmark::DoNotOptimize(Load(state, path));
}

// More models by their paths: PLINTH_BENCH_MODELS=a.pkl:b.joblib
void RegisterOthers() {
  const char* paths = std::getenv("PLINTH_BENCH_MODELS");
  if (paths == nullptr) return;
  std::string rest = paths;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string path = rest.substr(0, end);
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
    benchmark::RegisterBenchmark(("Classify/" + path).c_str(), Classify, path)->Arg(1)->Arg(10000);
    benchmark::RegisterBenchmark(("ReadFile/" + path).c_str(), ReadFile, path);
  }
}

const bool kRegistered = [] {
  for (const std::string name : {"pipeline.joblib", "forest.joblib"}) {
    benchmark::RegisterBenchmark(("Classify/" + name).c_str(), Classify, kDigits + name)
        ->Arg(1)
        ->Arg(32)
        ->Arg(10000);
    benchmark::RegisterBenchmark(("ReadFile/" + name).c_str(), ReadFile, kDigits + name);
  }
  RegisterOthers();
  return true;
}();

}  // namespace
