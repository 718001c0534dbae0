#include "openvino/openvino_model.h"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <openvino/openvino.hpp>
#include <openvino/runtime/exception.hpp>
#include <optional>
#include <string>
#include <utility>

#include "openvino/compiled_model.h"
#include "openvino/openvino_error.h"
#include "openvino/openvino_tensors.h"
#include "openvino/saved_model.h"

namespace plinth::openvino {
namespace {

namespace fs = std::filesystem;

// Files smaller than this compute on one thread: to wake others costs more than they do.
constexpr std::uintmax_t kSmallModelBytes = 1 << 20;

ov::Core* core =
    nullptr;  // never freed: its threads do not survive the order of static destructors

// Runs `call`; what OpenVINO throws becomes a Failure of the given status.
template <typename Call>
auto Catching(plinth_status status, Call&& call) -> kit::Result<decltype(call())> {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return kit::Fail(status, CleanMessage(e.what()));
  }
}

int ProcessorCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

std::uintmax_t BytesAt(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    // An IR's weights lie in a .bin beside it.
    const std::uintmax_t own = fs::file_size(path, error);
    const std::uintmax_t weights = fs::file_size(fs::path(path).replace_extension(".bin"), error);
    return own + (error ? 0 : weights);
  }
  std::uintmax_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file(error)) sum += entry.file_size(error);
  }
  return sum;
}

// As many calls at once as there are processors for them; each on `threads` threads.
ov::AnyMap ThreadSettings(std::int64_t threads, const std::string& path) {
  const int processors = ProcessorCount();
  int each = static_cast<int>(threads);
  if (each == 0) each = BytesAt(path) < kSmallModelBytes ? 1 : processors;
  const int streams = std::max(processors / each, 1);
  return {ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY), ov::num_streams(streams),
          ov::inference_num_threads(each * streams)};
}

ov::element::Type PrecisionOf(const std::string& name) {
  if (name == "bf16") return ov::element::bf16;
  return name == "f16" ? ov::element::f16 : ov::element::f32;
}

// The folder of a SavedModel, whether it or its saved_model.pb was named; nothing for other models.
std::optional<std::string> SavedModelFolder(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return path;
  if (fs::path(path).filename() == "saved_model.pb") return fs::path(path).parent_path().string();
  return std::nullopt;
}

kit::Result<std::shared_ptr<ov::Model>> ReadFile(const std::string& path) {
  auto model = Catching(PLINTH_INVALID_MODEL, [&] { return core->read_model(path); });
  if (model && *model != nullptr) return model;
  if (model) {
    return kit::Fail(PLINTH_INVALID_MODEL, "OpenVINO does not know this kind of file");
  }
  std::string message = "OpenVINO cannot read the model: " + model.error().message;
  if (message.find("No conversion rule") != std::string::npos) {
    message += "; convert the model to ONNX (by tf2onnx, say) and serve that";
  }
  return kit::Fail(model.error().status, std::move(message));
}

// `copy` must be kept until the model is compiled: its variables are read late.
kit::Result<std::shared_ptr<ov::Model>> ReadModel(const std::string& path,
                                                  const std::string& signature,
                                                  std::optional<TemporaryFolder>& copy) {
  const std::optional<std::string> folder = SavedModelFolder(path);
  if (!folder) {
    if (signature.empty()) return ReadFile(path);
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "option 'signature' is for SavedModels only");
  }
  auto info = ReadSavedModel(*folder);
  if (!info) return kit::Fail(info.error());
  auto chosen = ChooseSignature(*info, signature);
  if (!chosen) return kit::Fail(chosen.error());
  if (*chosen == kDefaultSignature && !info->several_graphs) return ReadFile(*folder);
  auto made = WithSignatureAsDefault(*folder, *chosen);
  if (!made) return kit::Fail(made.error());
  copy.emplace(std::move(*made));
  return ReadFile(copy->path());
}

// A port's name. A frozen graph has no names for its ends but those of its operations, "left:0";
// these go without ":0".
std::string NameOf(const ov::Output<const ov::Node>& port, bool frozen, std::string fallback) {
  const auto& names = port.get_names();
  std::string name = port.get_node()->get_friendly_name();
  if (!names.empty() && !names.contains(name)) name = *std::ranges::min_element(names);
  if (name.empty()) name = std::move(fallback);
  if (frozen && name.ends_with(":0")) name.resize(name.size() - 2);
  return name;
}

kit::Result<std::vector<kit::Spec>> SpecsOf(const std::vector<ov::Output<const ov::Node>>& ports,
                                            std::string_view what, bool frozen) {
  std::vector<kit::Spec> specs;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const ov::Output<const ov::Node>& port = ports[i];
    kit::Spec spec{.name = NameOf(port, frozen, std::string(what) + "_" + std::to_string(i))};
    const auto dtype = TypeOf(port.get_element_type());
    if (!dtype && port.get_element_type().is_static()) {
      return kit::Fail(PLINTH_INVALID_MODEL,
                       std::string(what) + " '" + spec.name + "' has the type " +
                           port.get_element_type().get_type_name() + ", which is not served");
    }
    spec.dtype = dtype.value_or(PLINTH_DTYPE_ANY);
    const ov::PartialShape& shape = port.get_partial_shape();
    if (shape.rank().is_static()) {
      spec.shape.emplace();
      for (const ov::Dimension& dim : shape)
        spec.shape->push_back(dim.is_static() ? dim.get_length() : -1);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

// Gives inputs the shapes that the user declared: a model may leave open more than OpenVINO can
// compile.
kit::Status ApplyDeclared(ov::Model& model, const plinth_load_request& request, bool frozen) {
  std::map<ov::Output<ov::Node>, ov::PartialShape> shapes;
  const auto& ports = std::as_const(model).inputs();
  for (const plinth_tensor_spec& declared :
       std::span(request.declared_inputs, request.declared_input_count)) {
    if (declared.rank < 0) continue;
    const auto port = std::ranges::find_if(
        ports, [&](const auto& input) { return NameOf(input, frozen, "") == declared.name; });
    if (port == ports.end()) {
      return kit::Fail(
          PLINTH_INVALID_ARGUMENT,
          "the declared input '" + std::string(declared.name) + "' is not one of the model's");
    }
    std::vector<ov::Dimension> dims(declared.shape, declared.shape + declared.rank);
    shapes[model.input(static_cast<std::size_t>(port - ports.begin()))] =
        ov::PartialShape(std::move(dims));
  }
  if (shapes.empty()) return {};
  const auto reshaped = Catching(PLINTH_INVALID_MODEL, [&] {
    model.reshape(shapes);
    return true;
  });
  if (!reshaped) {
    return kit::Fail(reshaped.error().status,
                     "the declared shapes do not fit the model: " + reshaped.error().message);
  }
  return {};
}

// Strings anywhere in a model bring OpenVINO's CPU plugin to free memory that it does not own.
kit::Status RefuseStrings(const ov::Model& model) {
  for (const auto& node : model.get_ops()) {
    for (const auto& output : node->outputs()) {
      if (output.get_element_type() == ov::element::string) {
        return kit::Fail(PLINTH_INVALID_MODEL,
                         "operation '" + node->get_friendly_name() +
                             "' gives strings, which OpenVINO cannot compute with; "
                             "convert the model to ONNX, or leave the text processing out of it");
      }
    }
  }
  return {};
}

std::string WhyNotCompiled(const kit::Failure& failure) {
  std::string message = "OpenVINO cannot compile the model: " + failure.message;
  if (message.find("dynamic rank") != std::string::npos) {
    message +=
        " (declare the \"shape\" of the model's inputs in its configuration or in model.json)";
  }
  return message;
}

// Reads the model's files and compiles them.
kit::Result<Compiled> Compile(const plinth_load_request& request, const std::string& signature,
                              const ov::AnyMap& settings) {
  const std::string path = request.path;
  std::optional<TemporaryFolder> copy;
  auto read = ReadModel(path, signature, copy);
  if (!read) return kit::Fail(read.error());
  const std::shared_ptr<ov::Model> model = std::move(*read);
  if (auto s = RefuseStrings(*model); !s) return kit::Fail(s.error());
  const bool frozen = path.ends_with(".pb") && !SavedModelFolder(path);
  if (auto s = ApplyDeclared(*model, request, frozen); !s) return kit::Fail(s.error());

  // Before it is compiled, which may change the names.
  auto inputs = SpecsOf(std::as_const(*model).inputs(), "input", frozen);
  if (!inputs) return kit::Fail(inputs.error());
  auto outputs = SpecsOf(std::as_const(*model).outputs(), "output", frozen);
  if (!outputs) return kit::Fail(outputs.error());
  auto compiled =
      Catching(PLINTH_INVALID_MODEL, [&] { return core->compile_model(model, "CPU", settings); });
  if (!compiled) return kit::Fail(compiled.error().status, WhyNotCompiled(compiled.error()));
  return Compiled{std::move(*compiled), {std::move(*inputs), std::move(*outputs)}};
}

}  // namespace

void OpenRuntime() {
  core = new ov::Core();
  core->get_versions(
      "CPU");  // opens the plugin that computes: better missed now than by the first model
  // Whoever writes over a file, or cuts it short, must not harm the model that was loaded from it.
  core->set_property(ov::enable_mmap(false));
}

kit::Result<std::unique_ptr<Model>> Model::Load(const plinth_load_request& request) {
  const auto options = kit::Options::Read(request, {"threads", "precision", "signature"});
  if (!options) return kit::Fail(options.error());
  const auto threads = options->Number("threads", 1, kit::kMaxThreads, 0);
  if (!threads) return kit::Fail(threads.error());
  const auto precision = options->Choice("precision", {"f32", "bf16", "f16"}, "f32");
  if (!precision) return kit::Fail(precision.error());

  const std::string path = request.path;
  std::error_code error;
  if (!fs::exists(path, error)) return kit::Fail(PLINTH_NOT_FOUND, "there is no " + path);
  ov::AnyMap settings = ThreadSettings(*threads, path);
  settings.insert(ov::hint::inference_precision(PrecisionOf(*precision)));

  const auto files = FilesOf(path);
  if (!files) {
    return kit::Fail(files.error().status,
                     "OpenVINO cannot read the model: " + files.error().message);
  }
  kit::CompiledForm form(request);
  auto compiled = form.Find(*files) ? FromForm(form, *core, settings)
                                    : Compile(request, options->Text("signature", ""), settings);
  if (!compiled) return kit::Fail(compiled.error());
  if (const char* folder = form.Folder()) WriteForm(folder, compiled->model, compiled->ports);
  Ports& ports = compiled->ports;
  kit::OpenBatchAxis(ports.inputs, ports.outputs);
  return std::make_unique<Model>(
      std::move(compiled->model),
      std::make_unique<kit::Signature>(std::move(ports.inputs), std::move(ports.outputs),
                                       kit::Traits{.concurrent = true}));
}

Model::Model(ov::CompiledModel compiled, std::unique_ptr<kit::Signature> signature)
    : compiled_(std::move(compiled)), signature_(std::move(signature)) {}

kit::Status Model::Execute(const plinth_execute_request& request, kit::OutputWriter& outputs) {
  auto taken = Catching(PLINTH_INTERNAL, [this] { return Take(); });
  if (!taken) return kit::Fail(taken.error());
  // A request that has failed is not used again: nobody promises what state it is in.
  auto done = Catching(PLINTH_INTERNAL, [&] { return Infer(*taken, request, outputs); });
  if (!done) return kit::Fail(done.error());
  if (!*done) return *done;
  GiveBack(std::move(*taken));
  return {};
}

kit::Status Model::Infer(ov::InferRequest& infer, const plinth_execute_request& request,
                         kit::OutputWriter& outputs) {
  const std::vector<kit::Spec>& specs = signature_->inputs();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const plinth_tensor* tensor = kit::FindInput(request, specs[i].name);
    if (tensor == nullptr)
      return kit::Fail(PLINTH_INVALID_ARGUMENT, "input '" + specs[i].name + "' is missing");
    auto wrapped = WrapInput(*tensor);
    if (wrapped) {
      // Its checks of type and shape come here.
      auto set = Catching(PLINTH_INVALID_ARGUMENT, [&] {
        infer.set_input_tensor(i, *wrapped);
        return true;
      });
      if (!set) wrapped = kit::Fail(set.error());
    }
    if (!wrapped) {
      return kit::Fail(wrapped.error().status,
                       "input '" + specs[i].name + "': " + wrapped.error().message);
    }
  }
  const kit::Stopper stopper(request, [&infer] {
    // It cannot fail for a request that exists; if it does all the same, the call just goes on.
    (void)Catching(PLINTH_INTERNAL, [&infer] {
      infer.cancel();
      return true;
    });
  });
  // A request that does not run yet knows nothing of a cancel().
  if (stopper.stopped()) return kit::FailStopped();
  try {
    infer.infer();
  } catch (const ov::Cancelled&) {
    return kit::FailStopped();
  }
  for (const std::uint32_t index : std::span(request.outputs, request.output_count)) {
    const char* name = signature_->outputs()[index].name.c_str();
    if (auto s = AddOutput(name, infer.get_output_tensor(index), outputs); !s) return s;
  }
  return {};
}

ov::InferRequest Model::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      ov::InferRequest infer = std::move(idle_.back());
      idle_.pop_back();
      return infer;
    }
  }
  return compiled_.create_infer_request();
}

void Model::GiveBack(ov::InferRequest infer) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(infer));
}

}  // namespace plinth::openvino
