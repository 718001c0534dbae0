// The bare runtime: what ONNX Runtime gives in-process, without a server around it.
//
//   bare_onnx LIBRARY MODEL INPUT THREADS
//
// Opens the library, loads the model into one session with THREADS threads a call and runs it once
// on INPUT, a file with the elements (float32) of one row. Then prints a line of JSON:
//   {"version": "1.32.0", "resident_mb": 85.1, "output": [first output's first row]}
// and, for every line "CALLERS ROWS SECONDS" of its standard input, what that many threads gave
// that called the session at the same time, each with so many rows a call:
//   {"rows_per_s": 26.4, "p50_us": 75000.0, "p99_us": 81000.0, "cpu_us_per_row": 75000.0}
#include <dlfcn.h>
#include <onnxruntime_c_api.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

const OrtApi* api = nullptr;

[[noreturn]] void Die(std::string_view what) {
  std::cerr << "bare_onnx: " << what << '\n';
  std::exit(1);
}

void Check(OrtStatus* status) {
  if (status != nullptr) Die(api->GetErrorMessage(status));
}

struct ValueDeleter {
  void operator()(OrtValue* value) const { api->ReleaseValue(value); }
};
using Value = std::unique_ptr<OrtValue, ValueDeleter>;

const char* OpenRuntime(const char* path) {
  setenv("ORT_DISABLE_TELEMETRY", "1", 1);  // as the server does: read when the library is opened
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) Die(dlerror());
  const auto base = reinterpret_cast<const OrtApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  if (base == nullptr) Die(std::string(path) + " is not ONNX Runtime");
  api = base()->GetApi(ORT_API_VERSION);
  if (api == nullptr) Die("the library is older than the header");
  return base()->GetVersionString();
}

// One session over a model of one float32 input whose first dimension is the batch.
class Model {
 public:
  Model(const char* path, std::vector<float> row, int threads) : row_(std::move(row)) {
    OrtEnv* environment = nullptr;
    Check(api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bare", &environment));
    OrtSessionOptions* options = nullptr;
    Check(api->CreateSessionOptions(&options));
    Check(api->SetIntraOpNumThreads(options, threads));
    Check(api->CreateSession(environment, path, options, &session_));
    api->ReleaseSessionOptions(options);
    OrtAllocator* allocator = nullptr;
    Check(api->GetAllocatorWithDefaultOptions(&allocator));
    Check(api->SessionGetInputName(session_, 0, allocator, &input_name_));
    Check(api->SessionGetOutputName(session_, 0, allocator, &output_name_));
    Check(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory_));
    ReadShape();
  }

  // So many times the row, in memory that the tensor refers to: `elements` is filled and must live
  // as long as the tensor.
  Value MakeInput(std::int64_t rows, std::vector<float>& elements) const {
    elements.clear();
    for (std::int64_t i = 0; i < rows; ++i) {
      elements.insert(elements.end(), row_.begin(), row_.end());
    }
    std::vector<std::int64_t> shape = shape_;
    shape[0] = rows;
    OrtValue* value = nullptr;
    Check(api->CreateTensorWithDataAsOrtValue(
        memory_, elements.data(), elements.size() * sizeof(float), shape.data(), shape.size(),
        ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
    return Value(value);
  }

  Value Run(const Value& input) const {
    const OrtValue* inputs[] = {input.get()};
    OrtValue* output = nullptr;
    Check(api->Run(session_, nullptr, &input_name_, inputs, 1, &output_name_, 1, &output));
    return Value(output);
  }

 private:
  void ReadShape() {
    OrtTypeInfo* type = nullptr;
    Check(api->SessionGetInputTypeInfo(session_, 0, &type));
    const OrtTensorTypeAndShapeInfo* tensor = nullptr;
    Check(api->CastTypeInfoToTensorInfo(type, &tensor));
    std::size_t rank = 0;
    Check(api->GetDimensionsCount(tensor, &rank));
    shape_.resize(rank);
    Check(api->GetDimensions(tensor, shape_.data(), rank));
    api->ReleaseTypeInfo(type);
    std::int64_t elements = 1;
    for (std::size_t i = 1; i < rank; ++i) elements *= shape_[i];
    if (rank == 0 || elements != static_cast<std::int64_t>(row_.size())) {
      Die("the input file is not one row of the model's input");
    }
  }

  std::vector<float> row_;
  OrtSession* session_ = nullptr;  // as all that is made here, it lives as long as the process
  OrtMemoryInfo* memory_ = nullptr;
  char* input_name_ = nullptr;
  char* output_name_ = nullptr;
  std::vector<std::int64_t> shape_;
};

std::vector<float> ReadFloats(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (!file || bytes.empty()) Die(std::string("cannot read ") + path);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  return values;
}

double ResidentMb() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return static_cast<double>(pages) * 4096 / 1e6;
}

void PrintFirstAnswer(const Model& model, const char* version) {
  std::vector<float> elements;
  const Value input = model.MakeInput(1, elements);
  const Value output = model.Run(input);
  float* data = nullptr;
  Check(api->GetTensorMutableData(output.get(), reinterpret_cast<void**>(&data)));
  OrtTensorTypeAndShapeInfo* info = nullptr;
  Check(api->GetTensorTypeAndShape(output.get(), &info));
  std::size_t count = 0;
  Check(api->GetTensorShapeElementCount(info, &count));
  api->ReleaseTensorTypeAndShapeInfo(info);
  std::printf(R"({"version": "%s", "resident_mb": %.1f, "output": [)", version, ResidentMb());
  for (std::size_t i = 0; i < count; ++i) {
    std::printf("%s%.9g", i > 0 ? ", " : "", static_cast<double>(data[i]));
  }
  std::printf("]}\n");
  std::fflush(stdout);
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Caller {
  std::vector<double> microseconds;  // of each call
  double seconds = 0;                // from the common start to the end of its last call
};

void Call(const Model& model, std::int64_t rows, double seconds, std::latch& start,
          Caller& caller) {
  std::vector<float> elements;
  const Value input = model.MakeInput(rows, elements);
  model.Run(input);  // what a first call of this size allocates is not counted
  start.arrive_and_wait();
  const auto began = Clock::now();
  auto now = began;
  do {
    const auto before = now;
    model.Run(input);
    now = Clock::now();
    caller.microseconds.push_back(std::chrono::duration<double, std::micro>(now - before).count());
    caller.seconds = std::chrono::duration<double>(now - began).count();
  } while (caller.seconds < seconds);
}

void Measure(const Model& model, int callers, std::int64_t rows, double seconds) {
  std::vector<Caller> results(static_cast<std::size_t>(callers));
  std::latch start(callers + 1);
  double cpu = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(results.size());
    for (Caller& caller : results) {
      threads.emplace_back(Call, std::cref(model), rows, seconds, std::ref(start),
                           std::ref(caller));
    }
    start.arrive_and_wait();
    cpu = CpuSeconds();
  }
  cpu = CpuSeconds() - cpu;
  std::vector<double> all;
  double rate = 0;
  for (const Caller& caller : results) {
    all.insert(all.end(), caller.microseconds.begin(), caller.microseconds.end());
    rate += static_cast<double>(caller.microseconds.size()) / caller.seconds;
  }
  std::ranges::sort(all);
  const double per_row = cpu * 1e6 / static_cast<double>(all.size()) / static_cast<double>(rows);
  std::printf(R"({"rows_per_s": %.3f, "p50_us": %.3f, "p99_us": %.3f, "cpu_us_per_row": %.3f})"
              "\n",
              rate * static_cast<double>(rows), all[all.size() / 2],
              all[(all.size() - 1) * 99 / 100], per_row);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 0;
  if (argc == 5) std::from_chars(argv[4], argv[4] + std::strlen(argv[4]), threads);
  if (threads < 1) Die("usage: bare_onnx LIBRARY MODEL INPUT THREADS");
  const char* version = OpenRuntime(argv[1]);
  const Model model(argv[2], ReadFloats(argv[3]), threads);
  PrintFirstAnswer(model, version);
  int callers = 0;
  std::int64_t rows = 0;
  double seconds = 0;
  while (std::cin >> callers >> rows >> seconds) {
    if (callers < 1 || rows < 1) Die("callers and rows are at least 1");
    Measure(model, callers, rows, seconds);
  }
  std::fflush(stdout);
  std::_Exit(0);  // the runtime's own end takes long and is not measured
}
