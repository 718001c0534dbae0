#include "onnxruntime/onnx_model.h"

#include <onnxruntime_session_options_config_keys.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "onnxruntime/onnx_session.h"
#include "onnxruntime/onnx_values.h"

namespace plinth::onnx {
namespace {

// Files smaller than this compute on the calling thread alone: to wake others costs more than they
// do. They also load faster than a compiled form of them would be found.
constexpr std::uintmax_t kSmallModelBytes = 1 << 20;

GraphOptimizationLevel LevelOf(const std::string& name) {
  static const std::map<std::string, GraphOptimizationLevel> kLevels = {
      {"none", ORT_DISABLE_ALL},
      {"basic", ORT_ENABLE_BASIC},
      {"extended", ORT_ENABLE_EXTENDED},
      {"all", ORT_ENABLE_ALL},
  };
  return kLevels.at(name);
}

// Whether the weights lie in files of their own: the model file's size then says nothing.
bool IsLarge(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::file_size(path, error) >= kSmallModelBytes) return true;
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path(), error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(path.filename().string()) && name != path.filename() &&
        entry.file_size(error) >= kSmallModelBytes) {
      return true;
    }
  }
  return false;
}

// `threads` of its own, or those that all sessions with 0 have in common.
kit::Status SetThreads(OrtSessionOptions* options, std::int64_t threads) {
  if (threads == 0) return Check(Api().DisablePerSessionThreads(options));
  if (auto s = Check(Api().SetIntraOpNumThreads(options, static_cast<int>(threads))); !s) {
    return s;
  }
  if (auto s = Check(Api().SetInterOpNumThreads(options, 1)); !s) return s;
  return Check(
      Api().AddSessionConfigEntry(options, kOrtSessionOptionsConfigAllowIntraOpSpinning, "0"));
}

// The profile is written into the folder for temporary files: a request must not choose where the
// server writes.
kit::Status SetProfile(OrtSessionOptions* options, const std::string& name) {
  if (name.empty()) return {};
  const bool plain = name.size() <= 64 && std::ranges::all_of(name, [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '-';
                     });
  if (!plain) {
    return kit::Fail(
        PLINTH_INVALID_ARGUMENT,
        "option 'profile' is '" + name +
            "'; it must be a plain name of letters, digits, _ and -: the profile is written to " +
            (std::filesystem::temp_directory_path() / "NAME_DATE.json").string());
  }
  return Check(
      Api().EnableProfiling(options, (std::filesystem::temp_directory_path() / name).c_str()));
}

struct SessionSetup {
  SessionOptionsHandle options;
  bool own_threads;
  bool large;
};

kit::Result<SessionSetup> MakeOptions(const plinth_load_request& request) {
  auto given = kit::Options::Read(request, {"threads", "optimization", "memory_arena", "profile"});
  if (!given) return kit::Fail(given.error());
  auto threads = given->Number("threads", 1, kit::kMaxThreads, 0);
  if (!threads) return kit::Fail(threads.error());
  const bool large = IsLarge(request.path);
  if (*threads == 0 && !large) threads = 1;
  const auto level = given->Choice("optimization", {"none", "basic", "extended", "all"}, "all");
  if (!level) return kit::Fail(level.error());
  const auto arena = given->Flag("memory_arena", true);
  if (!arena) return kit::Fail(arena.error());

  OrtSessionOptions* raw = nullptr;
  if (auto s = Check(Api().CreateSessionOptions(&raw)); !s) return kit::Fail(s.error());
  SessionOptionsHandle options(raw);
  if (auto s = Check(Api().SetSessionGraphOptimizationLevel(raw, LevelOf(*level))); !s)
    return kit::Fail(s.error());
  if (auto s = SetThreads(raw, *threads); !s) return kit::Fail(s.error());
  if (!*arena) {
    if (auto s = Check(Api().DisableCpuMemArena(raw)); !s) return kit::Fail(s.error());
  }
  if (auto s = SetProfile(raw, given->Text("profile", "")); !s) return kit::Fail(s.error());
  return SessionSetup{std::move(options), *threads != 0, large};
}

// Gives `run` options that end it when the host tells the call to stop.
template <typename Run>
kit::Status RunStoppable(const plinth_execute_request& request, Run run) {
  if (!kit::MayBeStopped(request)) return run(nullptr);
  OrtRunOptions* options = nullptr;
  if (auto s = Check(Api().CreateRunOptions(&options)); !s) return s;
  const RunOptionsHandle owner(options);
  const kit::Stopper stopper(
      request, [options] { const StatusHandle status(Api().RunOptionsSetTerminate(options)); });
  auto ran = run(options);
  if (!ran && stopper.stopped()) return kit::FailStopped();
  return ran;
}

}  // namespace

kit::Result<std::unique_ptr<Model>> Model::Load(const plinth_load_request& request) {
  auto setup = MakeOptions(request);
  if (!setup) return kit::Fail(setup.error());
  auto session = OpenSession(request, setup->options.get(), setup->large);
  if (!session) return kit::Fail(session.error());
  auto signature = ReadSignature(session->get());
  if (!signature) return kit::Fail(signature.error());
  return std::make_unique<Model>(std::move(*session), std::move(*signature),
                                 setup->own_threads ? nullptr : &Parking());
}

Model::Model(SessionHandle session, OrtSignature signature, HelperParking* parking)
    : session_(std::move(session)), signature_(std::move(signature)), parking_(parking) {}

kit::Status Model::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  // Small calls stay off the heap.
  std::array<std::byte, 1024> stack;
  std::pmr::monotonic_buffer_resource memory(stack.data(), stack.size());
  std::pmr::vector<ValueHandle> inputs(&memory);
  std::pmr::vector<const char*> input_names(&memory);
  std::pmr::vector<const OrtValue*> input_values(&memory);
  inputs.reserve(request.input_count);
  input_names.reserve(request.input_count);
  input_values.reserve(request.input_count);
  for (const plinth_tensor& tensor : std::span(request.inputs, request.input_count)) {
    auto value = WrapInput(tensor);
    if (!value) {
      return kit::Fail(value.error().status,
                       "input '" + std::string(tensor.name) + "': " + value.error().message);
    }
    input_names.push_back(tensor.name);
    input_values.push_back(value->get());
    inputs.push_back(std::move(*value));
  }
  std::pmr::vector<const char*> output_names(&memory);
  output_names.reserve(request.output_count);
  for (const std::uint32_t index : std::span(request.outputs, request.output_count)) {
    output_names.push_back(signature_.signature->outputs()[index].name.c_str());
  }
  std::pmr::vector<OrtValue*> raw(output_names.size(), nullptr, &memory);
  auto ran = RunStoppable(request, [&](const OrtRunOptions* options) {
    const HelperParking::Call call(parking_);
    return Check(Api().Run(session_.get(), options, input_names.data(), input_values.data(),
                           input_names.size(), output_names.data(), output_names.size(),
                           raw.data()));
  });
  std::pmr::vector<ValueHandle> values(&memory);
  values.reserve(raw.size());
  for (OrtValue* value : raw) values.emplace_back(value);
  if (!ran) return ran;

  for (std::size_t i = 0; i < values.size(); ++i) {
    auto added = AddOutput(output_names[i], signature_.outputs[request.outputs[i]],
                           std::move(values[i]), request, outputs);
    if (!added) {
      return kit::Fail(added.error().status,
                       "output '" + std::string(output_names[i]) + "': " + added.error().message);
    }
  }
  return {};
}

}  // namespace plinth::onnx
