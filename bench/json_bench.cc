// How long the JSON codecs take: decoding a request into tensors, encoding an answer.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "api/native/predict_decoder.h"
#include "api/native/predict_encoder.h"
#include "base/json_writer.h"
#include "net/http.h"
#include "tensor/tensor.h"

namespace {

using namespace plinth;

enum Digits { kPixels, kShort, kFull };  // "13", "0.1234", "0.12345678901234567"

double Draw(std::mt19937& random, Digits digits) {
  const double unit = std::uniform_real_distribution<double>(-1, 1)(random);
  if (digits == kPixels) return static_cast<double>(static_cast<int>(unit * 16) & 15);
  if (digits == kShort) return static_cast<double>(static_cast<int>(unit * 10'000)) / 10'000;
  return unit;
}

Tensor Rows(DType type, std::int64_t rows, std::int64_t columns, Digits digits) {
  std::mt19937 random(7);
  Tensor tensor = *Tensor::Allocate(type, {rows, columns});
  if (type == DType::kFp64) {
    for (double& value : tensor.mutable_values<double>()) value = Draw(random, digits);
  } else {
    for (float& value : tensor.mutable_values<float>()) {
      value = static_cast<float>(Draw(random, digits));
    }
  }
  return tensor;
}

Buffer BodyOf(const Tensor& tensor) {
  const std::vector<NamedTensor> named = {{"x", tensor}};
  std::string answer = api::EncodePrediction("m", "v1", named, 0);
  const auto begin = answer.find("\"outputs\":") + 10;
  const auto end = answer.rfind(",\"latency_ms\"");
  std::string text = "{\"inputs\":";
  text.append(answer, begin, end - begin);
  text += '}';
  const std::size_t size = text.size();
  text.append(net::HttpRequest::kBodyPadding, '\0');
  return Buffer::FromString(std::move(text)).Slice(0, size);
}

class OneSignature final : public api::VersionChoice {
 public:
  explicit OneSignature(const Signature& signature) : signature_(signature) {}
  Result<const Signature*> Presumed() override { return &signature_; }
  Result<const Signature*> Named(std::string_view) override { return &signature_; }
  Result<const Signature*> Routed(std::optional<std::string_view>) override { return &signature_; }
  std::string_view sticky_field() override { return {}; }

 private:
  const Signature& signature_;
};

void Decode(benchmark::State& state, DType type, Digits digits) {
  const std::int64_t rows = state.range(0);
  const std::int64_t columns = state.range(1);
  Signature signature;
  signature.inputs.push_back(
      {.name = "x", .dtype = type, .shape = Shape{-1, columns}, .batch_axis = 0});
  const Buffer body = BodyOf(Rows(type, rows, columns, digits));
  OneSignature choice(signature);
  for ([[maybe_unused]] auto _ : state) {
    auto decoded = api::DecodePredict(body, choice);
    if (!decoded) state.SkipWithError(decoded.error().message.c_str());
    benchmark::DoNotOptimize(decoded);
  }
  state.SetItemsProcessed(state.iterations() * rows * columns);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

// The least that reading the numbers can cost: simdjson's own loop over the same body, into memory
// that is there already.
void ReadBySimdjson(benchmark::State& state, Digits digits) {
  const std::int64_t rows = state.range(0);
  const std::int64_t columns = state.range(1);
  const Buffer body = BodyOf(Rows(DType::kFp32, rows, columns, digits));
  const simdjson::padded_string_view text(body.As<char>(), body.size(),
                                          body.size() + net::HttpRequest::kBodyPadding);
  simdjson::ondemand::parser parser;
  std::vector<float> numbers(static_cast<std::size_t>(rows * columns));
  for ([[maybe_unused]] auto _ : state) {
    auto document = parser.iterate(text);
    std::size_t count = 0;
    for (auto row : document["inputs"].get_array()) {
      for (auto element : row.get_array()) {
        numbers[count++] = static_cast<float>(double{element.get_double().value_unsafe()});
      }
    }
    if (count != numbers.size()) state.SkipWithError("numbers are missing");
    benchmark::DoNotOptimize(numbers.data());
  }
  state.SetItemsProcessed(state.iterations() * rows * columns);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}

void Encode(benchmark::State& state, DType type, Digits digits) {
  const std::vector<NamedTensor> outputs = {
      {"y", Rows(type, state.range(0), state.range(1), digits)}};
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(api::EncodePrediction("digits", "v1", outputs, 0.123));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

BENCHMARK_CAPTURE(ReadBySimdjson, fp32_full, kFull)->Args({1, 64})->Args({1, 150'528});
BENCHMARK_CAPTURE(ReadBySimdjson, fp32_pixels, kPixels)->Args({1, 150'528});
BENCHMARK_CAPTURE(Decode, fp32_pixels, DType::kFp32, kPixels)->Args({1, 150'528});
BENCHMARK_CAPTURE(Decode, fp64_pixels, DType::kFp64, kPixels)->Args({1, 64})->Args({32, 64});
BENCHMARK_CAPTURE(Decode, fp64_short, DType::kFp64, kShort)->Args({1, 64})->Args({32, 64});
BENCHMARK_CAPTURE(Decode, fp64_full, DType::kFp64, kFull)->Args({1, 64})->Args({1, 150'528});
BENCHMARK_CAPTURE(Decode, fp32_full, DType::kFp32, kFull)->Args({1, 64})->Args({1, 150'528});
BENCHMARK_CAPTURE(Encode, fp64_full, DType::kFp64, kFull)->Args({1, 10})->Args({1, 64});
BENCHMARK_CAPTURE(Encode, fp64_pixels, DType::kFp64, kPixels)->Args({1, 64});
BENCHMARK_CAPTURE(Encode, fp32_full, DType::kFp32, kFull)->Args({1, 10})->Args({32, 10});

}  // namespace
