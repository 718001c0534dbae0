#include "openvino/compiled_model.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <openvino/runtime/tensor.hpp>
#include <span>
#include <sstream>
#include <system_error>
#include <utility>

#include "common/onnx_files.h"
#include "openvino/openvino_error.h"

namespace plinth::openvino {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBlob = "blob";
constexpr const char* kPorts = "ports";

// A line a port: input or output, type, rank (-1: unknown), sizes, name.
std::string Line(std::string_view what, const kit::Spec& spec) {
  std::ostringstream line;
  line << what << ' ' << spec.dtype << ' ' << (spec.shape ? std::ssize(*spec.shape) : -1);
  if (spec.shape) {
    for (const std::int64_t size : *spec.shape) line << ' ' << size;
  }
  line << ' ' << spec.name << '\n';
  return line.str();
}

std::string Text(const Ports& ports) {
  std::string text;
  for (const kit::Spec& spec : ports.inputs) text += Line("input", spec);
  for (const kit::Spec& spec : ports.outputs) text += Line("output", spec);
  return text;
}

Ports Parse(const std::string& text) {
  std::istringstream in(text);
  Ports ports;
  std::string what;
  int type = 0;
  std::ptrdiff_t rank = 0;
  while (in >> what >> type >> rank) {
    kit::Spec spec;
    spec.dtype = static_cast<plinth_dtype>(type);
    if (rank >= 0) spec.shape.emplace();
    for (std::int64_t size = 0; rank > 0 && in >> size; --rank) spec.shape->push_back(size);
    in.ignore(1);
    std::getline(in, spec.name);
    (what == "input" ? ports.inputs : ports.outputs).push_back(std::move(spec));
  }
  return ports;
}

}  // namespace

kit::Result<std::vector<std::string>> FilesOf(const std::string& path) {
  const fs::path file(path);
  if (file.filename() == "saved_model.pb") return std::vector<std::string>{file.parent_path()};
  std::vector<std::string> files{path};
  std::string extension = file.extension();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return std::tolower(c); });
  std::error_code error;
  if (extension == ".xml") {
    const fs::path weights = fs::path(path).replace_extension(".bin");
    if (fs::exists(weights, error)) files.push_back(weights);
  } else if (extension == ".onnx") {
    const auto external = kit::ExternalFiles(path);
    if (!external) return kit::Fail(external.error());
    for (const auto& [name, weights] : *external) files.push_back(weights);
  }
  return files;
}

void WriteForm(const std::string& folder, ov::CompiledModel& model, const Ports& ports) {
  const auto several_lines = [](const kit::Spec& spec) {
    return spec.name.find('\n') != std::string::npos;
  };
  if (std::ranges::any_of(ports.inputs, several_lines)) return;
  if (std::ranges::any_of(ports.outputs, several_lines)) return;
  const fs::path blob_path = fs::path(folder) / kBlob;
  const fs::path ports_path = fs::path(folder) / kPorts;
  std::ofstream blob(blob_path, std::ios::binary);
  std::ofstream text(ports_path, std::ios::binary);
  try {
    model.export_model(blob);
  } catch (const std::exception&) {
    blob.setstate(std::ios::failbit);  // not every model can be exported
  }
  text << Text(ports);
  if (blob.flush() && text.flush()) return;
  std::error_code error;
  fs::remove(blob_path, error);
  fs::remove(ports_path, error);
}

kit::Result<Compiled> FromForm(const kit::CompiledForm& form, ov::Core& core,
                               const ov::AnyMap& settings) {
  const std::span<const std::byte> blob = form.File(kBlob);
  const std::span<const std::byte> text = form.File(kPorts);
  Ports ports = Parse({reinterpret_cast<const char*>(text.data()), text.size()});
  // Read only, whatever the type says.
  const ov::Tensor tensor(ov::element::u8, ov::Shape{blob.size()},
                          const_cast<std::byte*>(blob.data()));
  try {
    return Compiled{core.import_model(tensor, "CPU", settings), std::move(ports)};
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return kit::Fail(PLINTH_INVALID_MODEL, CleanMessage(error.what()));
  }
}

}  // namespace plinth::openvino
