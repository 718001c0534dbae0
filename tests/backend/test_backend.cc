// The backend "test": y = factor * x, FP32 [-1,-1], with the misbehaviour that the model file asks
// for.
//
// A model is a file <name>.testmodel, or a folder with a file of that name, with lines "key value":
//   factor N           a whole number (default 2)
//   load_ms N          load() takes that long
//   memory_mb N        and so much memory, until it is unloaded
//   compile_ms N       load() takes so much longer without a compiled form, and writes one
//   compiled TEXT      what is done with the form: "refuse" it, or answer "wrong" because of it
//   fail_load TEXT     load() fails
//   delay_ms N         execute() takes that long, unless it is told to stop
//   fail_execute TEXT  every execute() fails
//   row_us N           and so much longer for each row
//   busy_us N          execute() computes for that long
//   fail_on N          execute() fails if a row of x begins with N
//   stateful 1         says that it keeps state
//   concurrent 0       one call at a time (default 1)
//   waits 1            says that it waits
//   call A B ...       y is the sum of what the models of these names answer to x (needs waits)
//   answers N          is decoupled, and gives N answers, each with a y that is 1 more
//   streams 1          takes several answers of each of these, and sums up all
//   bad_output K       execute() answers a wrong output: rank, type or size
//
// Built once more as the backend "testcode", which says that its models are programs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "calls.h"
#include "plinth/backend.h"

struct plinth_model {
  std::map<std::string, std::string> settings;
  plinth_signature signature{};
  std::atomic<int> running{0};
  std::vector<char> memory;

  int Number(const std::string& key, int fallback) const {
    const auto it = settings.find(key);
    return it == settings.end() ? fallback : std::atoi(it->second.c_str());
  }
  const char* Text(const std::string& key) const {
    const auto it = settings.find(key);
    return it == settings.end() ? nullptr : it->second.c_str();
  }
};

namespace {

const plinth_host* g_host = nullptr;
thread_local std::string g_error;

plinth_status Fail(plinth_status status, std::string message) {
  g_error = std::move(message);
  return status;
}

constexpr std::int64_t kShape[] = {-1, -1};
constexpr plinth_tensor_spec kInput{"x", PLINTH_FP32, 2, kShape, 0, 0};
constexpr plinth_tensor_spec kOutput{"y", PLINTH_FP32, 2, kShape, 0, 0};

// The model's file; empty if there is none at that path.
std::filesystem::path FileOf(const char* path) {
  if (std::string_view(path).ends_with(".testmodel")) return path;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".testmodel") return entry.path();
  }
  return {};
}

std::int32_t Probe(const char* path) { return FileOf(path).empty() ? 0 : 1; }

// The factor as the compiled form has it; nothing if there is none, which is then written.
std::optional<std::string> FactorFromCompiled(const plinth_load_request& request,
                                              const plinth_model& model) {
  const plinth_compiled* compiled =
      request.struct_size > offsetof(plinth_load_request, compiled) ? request.compiled : nullptr;
  if (compiled == nullptr) return std::nullopt;
  const std::string file = FileOf(request.path);
  const char* path = file.c_str();
  const plinth_compiled_file* files = nullptr;
  if (compiled->find(compiled->context, 1, &path, &files) == 1) {
    return std::string(static_cast<const char*>(files->data), files->size);
  }
  if (const char* folder = compiled->folder(compiled->context)) {
    std::ofstream(std::filesystem::path(folder) / "factor") << model.Number("factor", 2);
  }
  return std::nullopt;
}

// Loads by the compiled form, or takes as long as it takes to make one.
plinth_status LoadCompiled(const plinth_load_request& request, plinth_model& model) {
  const int compile_ms = model.Number("compile_ms", 0);
  if (compile_ms == 0) return PLINTH_OK;
  const char* text = model.Text("compiled");
  const std::string_view how = text == nullptr ? "" : text;
  const auto factor = FactorFromCompiled(request, model);
  if (!factor) {
    std::this_thread::sleep_for(std::chrono::milliseconds(compile_ms));
    return PLINTH_OK;
  }
  if (how == "refuse") return Fail(PLINTH_INVALID_MODEL, "the compiled form is not liked");
  if (how == "wrong") model.settings["stateful"] = std::to_string(1);
  model.settings["factor"] = *factor;
  return PLINTH_OK;
}

plinth_status Load(const plinth_load_request* request, plinth_model** model) {
  std::ifstream file(FileOf(request->path));
  if (!file) return Fail(PLINTH_INVALID_MODEL, "the test model cannot be read");
  auto loaded = std::make_unique<plinth_model>();
  for (std::string key; file >> key;) std::getline(file >> std::ws, loaded->settings[key]);
  std::this_thread::sleep_for(std::chrono::milliseconds(loaded->Number("load_ms", 0)));
  loaded->memory.assign(std::size_t{1 << 20} * loaded->Number("memory_mb", 0), 1);
  if (const char* text = loaded->Text("fail_load")) return Fail(PLINTH_INVALID_MODEL, text);
  if (const plinth_status status = LoadCompiled(*request, *loaded); status != PLINTH_OK) {
    return status;
  }
  loaded->signature = {sizeof(plinth_signature),
                       1,
                       &kInput,
                       1,
                       &kOutput,
                       loaded->Number("concurrent", 1),
                       loaded->Number("stateful", 0),
                       nullptr,
                       loaded->Number("waits", 0),
                       nullptr,
                       0,
                       nullptr,
                       nullptr,
                       loaded->Text("answers") != nullptr ? 1 : 0,
                       0};
  *model = loaded.release();
  return PLINTH_OK;
}

const plinth_signature* Describe(const plinth_model* model) { return &model->signature; }

// No warm-up: a model that fails every execution can still be loaded.
plinth_status Warm(plinth_model*) { return PLINTH_OK; }

struct Answer {
  std::vector<float> values;
  std::vector<std::int64_t> shape;
};

constexpr std::chrono::milliseconds kPoll{1};

// False if the call was told to stop before the time was over.
bool Wait(std::chrono::microseconds time, const plinth_execute_request& request) {
  std::atomic<bool> stop = false;
  const bool stoppable = request.struct_size > offsetof(plinth_execute_request, cancel_context) &&
                         request.on_cancel != nullptr;
  if (stoppable) {
    const auto set = [](void* context) { static_cast<std::atomic<bool>*>(context)->store(true); };
    request.on_cancel(request.cancel_context, set, &stop);
  }
  const auto end = std::chrono::steady_clock::now() + time;
  while (!stop && std::chrono::steady_clock::now() < end) {
    const auto left = end - std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, kPoll));
  }
  if (stoppable) request.on_cancel(request.cancel_context, nullptr, nullptr);
  return !stop;
}

void Compute(std::chrono::microseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

std::vector<std::string> WordsOf(const char* text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

plinth_status GiveAnswers(const plinth_model& model, const plinth_execute_request& request,
                          const plinth_output& first) {
  const auto& answer = *static_cast<const Answer*>(first.release_context);
  const int count = model.Number("answers", 0);
  for (int i = 0; i < count; ++i) {
    auto* one = new Answer(answer);
    for (float& value : one->values) value += static_cast<float>(i);
    plinth_output output = first;
    output.tensor.shape = one->shape.data();
    output.tensor.data = one->values.data();
    output.release_context = one;
    const plinth_status status =
        request.respond(request.respond_context, &output, i + 1 == count ? 1 : 0);
    if (status != PLINTH_OK) return Fail(status, "nobody wants another answer");
  }
  return PLINTH_OK;
}

plinth_status Execute(plinth_model* model, const plinth_execute_request* request,
                      plinth_execute_response* response) {
  const bool alone = model->running.fetch_add(1) == 0;
  struct Leave {
    plinth_model* model;
    ~Leave() { model->running.fetch_sub(1); }
  } leave{model};
  if (!alone && model->signature.concurrent == 0) {
    return Fail(PLINTH_INTERNAL, "two calls at once on a model that takes one");
  }
  const plinth_tensor& x = request->inputs[0];
  const std::int64_t rows = x.rank > 0 ? x.shape[0] : 1;
  const auto delay = std::chrono::milliseconds(model->Number("delay_ms", 0)) +
                     std::chrono::microseconds(rows * model->Number("row_us", 0));
  if (!Wait(delay, *request)) {
    return Fail(PLINTH_CANCELLED, "stopped while it waited");
  }
  Compute(std::chrono::microseconds(model->Number("busy_us", 0)));
  if (const char* text = model->Text("fail_execute")) return Fail(PLINTH_INTERNAL, text);
  const auto* values = static_cast<const float*>(x.data);
  const std::size_t count = x.byte_size / sizeof(float);
  const std::size_t columns = x.rank == 2 && x.shape[0] > 0 ? count / x.shape[0] : count;
  for (std::size_t i = 0; model->Text("fail_on") != nullptr && i < count; i += columns) {
    if (values[i] != static_cast<float>(model->Number("fail_on", 0))) continue;
    return Fail(PLINTH_INVALID_ARGUMENT, "x[0] must not be " + std::string(model->Text("fail_on")));
  }
  if (request->output_count == 0) return PLINTH_OK;
  auto* answer = new Answer{{values, values + count}, {x.shape, x.shape + x.rank}};
  const auto factor = static_cast<float>(model->Number("factor", 2));
  for (float& value : answer->values) value *= factor;
  if (const char* models = model->Text("call")) {
    std::ranges::fill(answer->values, 0.F);
    CallsOfModels calls(*g_host, *request, model->Number("streams", 0) != 0);
    if (!calls.Ask(WordsOf(models), answer->values)) {
      delete answer;
      return Fail(PLINTH_INTERNAL, calls.error());
    }
  }
  plinth_tensor y{"y",         PLINTH_FP32, x.rank, answer->shape.data(), answer->values.data(),
                  x.byte_size, nullptr};
  if (const char* bad = model->Text("bad_output")) {
    if (std::string_view(bad) == "rank") y.rank = 99;
    if (std::string_view(bad) == "type") y.dtype = PLINTH_DTYPE_ANY;
    if (std::string_view(bad) == "size") y.byte_size += 1;
  }
  const plinth_output output{y, answer,
                             [](void* context) { delete static_cast<Answer*>(context); }};
  if (model->signature.decoupled != 0) {
    const plinth_status given = GiveAnswers(*model, *request, output);
    delete answer;
    return given;
  }
  response->outputs[0] = output;
  return PLINTH_OK;
}

void Unload(plinth_model* model) {
  if (model->running.load() != 0) std::abort();  // the host must not unload under a call
  delete model;
}

const char* LastError() { return g_error.c_str(); }

#ifdef PLINTH_TEST_RUNS_CODE
constexpr const char* kName = "testcode";
constexpr std::int32_t kRunsCode = 1;
#else
constexpr const char* kName = "test";
constexpr std::int32_t kRunsCode = 0;
#endif

constexpr plinth_backend kBackend{sizeof(plinth_backend),
                                  PLINTH_ABI_VERSION,
                                  kName,
                                  "1.0",
                                  nullptr,
                                  kName,
                                  Probe,
                                  Load,
                                  Describe,
                                  Warm,
                                  Execute,
                                  Unload,
                                  LastError,
                                  kRunsCode};

}  // namespace

extern "C" PLINTH_EXPORT const plinth_backend* plinth_backend_entry(const plinth_host* host,
                                                                    const char**) {
  g_host = host;
  return &kBackend;
}
