// Calls a model in-process, one call after the other, and prints what they took:
//
//   call_model BACKENDS ENGINE MODEL BYTES SECONDS [OPTION=VALUE ...]
//   {"calls_per_s":31234.5,"p50_us":31.2,"p99_us":60.1}
//
// The model has one input, x, of any number of FP32; it is given BYTES of them. Its outputs are let
// go after each call.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "model/backend.h"

namespace {

using namespace plinth;
using Clock = std::chrono::steady_clock;

int Refuse(const Error& error) {
  fmt::print(stderr, "call_model: {}\n", error.message);
  return EXIT_FAILURE;
}

double At(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

int Run(const std::vector<std::string>& arguments) {
  BackendSet backends({arguments[0]});
  auto backend = backends.Get(arguments[1]);
  if (!backend) return Refuse(backend.error());
  ModelConfig config;
  for (std::size_t i = 5; i < arguments.size(); ++i) {
    const std::size_t equals = arguments[i].find('=');
    if (equals == std::string::npos) return Refuse({Code::kInvalidArgument, arguments[i]});
    config.options[arguments[i].substr(0, equals)] = arguments[i].substr(equals + 1);
  }
  Members none;
  auto model = (*backend)->Load(arguments[2], config, "bench", none);
  if (!model) return Refuse(model.error());
  const auto elements = static_cast<std::int64_t>(std::stoull(arguments[3]) / sizeof(float));
  auto tensor = Tensor::Allocate(DType::kFp32, Shape({elements}), std::size_t{1} << 30);
  if (!tensor) return Refuse(tensor.error());
  std::ranges::fill(tensor->mutable_bytes(), std::byte{});
  const std::vector<NamedTensor> inputs{{"x", *std::move(tensor)}};

  std::vector<double> taken;
  // The first calls find nothing warm.
  const auto begin = Clock::now() + std::chrono::milliseconds(300);
  const auto end = begin + std::chrono::duration<double>(std::stod(arguments[4]));
  for (auto start = Clock::now(); start < end; start = Clock::now()) {
    const auto outputs = (*model)->Execute(inputs, {}, nullptr, {});
    const auto stop = Clock::now();
    if (!outputs) return Refuse(outputs.error());
    if (start > begin)
      taken.push_back(std::chrono::duration<double, std::micro>(stop - start).count());
  }
  if (taken.empty()) return Refuse({Code::kInternal, "no call ended in time"});
  std::ranges::sort(taken);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  fmt::print("{{\"calls_per_s\":{:.1f},\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n",
             static_cast<double>(taken.size()) / seconds, At(taken, 0.5), At(taken, 0.99));
  return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** arguments) {
  if (count >= 6) {
    // On a thread, as in the server: the first one's heap gives back and takes again what is freed
    // and allocated at its top, which makes large outputs dear.
    int status = EXIT_FAILURE;
    std::thread([&] { status = Run({arguments + 1, arguments + count}); }).join();
    return status;
  }
  fmt::print(stderr, "usage: call_model BACKENDS ENGINE MODEL BYTES SECONDS [OPTION=VALUE ...]\n");
  return EXIT_FAILURE;
}
