#include "openvino/saved_model.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <system_error>
#include <utility>

namespace plinth::openvino {
namespace {

namespace fs = std::filesystem;

// Field numbers of tensorflow/core/protobuf/saved_model.proto and meta_graph.proto.
constexpr protozero::pbf_tag_type kSchemaVersion = 1;  // SavedModel
constexpr protozero::pbf_tag_type kMetaGraphs = 2;
constexpr protozero::pbf_tag_type kMetaInfo = 1;  // MetaGraphDef
constexpr protozero::pbf_tag_type kSignatures = 5;
constexpr protozero::pbf_tag_type kTags = 4;  // MetaInfoDef
constexpr protozero::pbf_tag_type kMapKey = 1;
constexpr protozero::pbf_tag_type kMapValue = 2;

// A signature that initialises the model and is never served.
constexpr std::string_view kInitSignature = "__saved_model_init_op";

using Entry = std::pair<std::string, protozero::data_view>;

std::string_view Text(protozero::data_view view) { return {view.data(), view.size()}; }

bool IsTaggedServe(protozero::data_view graph) {
  protozero::pbf_reader reader(graph);
  while (reader.next(kMetaInfo)) {
    protozero::pbf_reader info(reader.get_view());
    while (info.next(kTags)) {
      if (Text(info.get_view()) == "serve") return true;
    }
  }
  return false;
}

Entry ReadEntry(protozero::data_view data) {
  Entry entry;
  protozero::pbf_reader reader(data);
  while (reader.next()) {
    if (reader.tag() == kMapKey &&
        reader.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
      entry.first = Text(reader.get_view());
    } else if (reader.tag() == kMapValue &&
               reader.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
      entry.second = reader.get_view();
    } else {
      reader.skip();
    }
  }
  return entry;
}

std::vector<Entry> SignaturesOf(protozero::data_view graph) {
  std::vector<Entry> entries;
  protozero::pbf_reader reader(graph);
  while (reader.next(kSignatures)) {
    Entry entry = ReadEntry(reader.get_view());
    if (entry.first != kInitSignature) entries.push_back(std::move(entry));
  }
  return entries;
}

struct Graphs {
  protozero::data_view chosen;
  int count = 0;
};

Graphs FindGraphs(std::string_view model) {
  Graphs graphs;
  std::optional<protozero::data_view> serve;
  protozero::pbf_reader reader(model.data(), model.size());
  while (reader.next(kMetaGraphs)) {
    const protozero::data_view graph = reader.get_view();
    if (graphs.count++ == 0) graphs.chosen = graph;
    if (!serve && IsTaggedServe(graph)) serve = graph;
  }
  if (serve) graphs.chosen = *serve;
  return graphs;
}

kit::Result<std::string> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (!in || error)
    return kit::Fail(PLINTH_INVALID_MODEL, "the folder holds no readable saved_model.pb");
  std::string text(size, '\0');
  in.read(text.data(), static_cast<std::streamsize>(size));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::unexpected<kit::Failure> NoSavedModel() {
  return kit::Fail(PLINTH_INVALID_MODEL,
                   "saved_model.pb is broken: it does not hold a TensorFlow SavedModel");
}

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

// The chosen graph with one signature, named serving_default.
std::string OneSignature(std::string_view model, const std::string& signature) {
  const Graphs graphs = FindGraphs(model);
  std::string graph;
  protozero::pbf_writer graph_writer(graph);
  for (const auto& [name, value] : SignaturesOf(graphs.chosen)) {
    if (name != signature) continue;
    std::string entry;
    protozero::pbf_writer entry_writer(entry);
    entry_writer.add_string(kMapKey, kDefaultSignature);
    entry_writer.add_message(kMapValue, value.data(), value.size());
    graph_writer.add_message(kSignatures, entry);
  }
  // All other fields of a MetaGraphDef are messages.
  protozero::pbf_reader reader(graphs.chosen);
  while (reader.next()) {
    if (reader.tag() == kSignatures ||
        !reader.has_wire_type(protozero::pbf_wire_type::length_delimited)) {
      reader.skip();
      continue;
    }
    const auto tag = reader.tag();
    const protozero::data_view field = reader.get_view();
    graph_writer.add_message(tag, field.data(), field.size());
  }
  std::string rewritten;
  protozero::pbf_writer writer(rewritten);
  writer.add_int64(kSchemaVersion, 1);
  writer.add_message(kMetaGraphs, graph);
  return rewritten;
}

}  // namespace

kit::Result<SavedModelInfo> ReadSavedModel(const std::string& folder) {
  auto model = ReadFile(fs::path(folder) / "saved_model.pb");
  if (!model) return kit::Fail(model.error());
  SavedModelInfo info;
  try {
    const Graphs graphs = FindGraphs(*model);
    if (graphs.count == 0) return NoSavedModel();
    info.several_graphs = graphs.count > 1;
    for (Entry& entry : SignaturesOf(graphs.chosen))
      info.signatures.push_back(std::move(entry.first));
  } catch (const protozero::exception&) {
    return NoSavedModel();
  }
  std::ranges::sort(info.signatures);
  return info;
}

kit::Result<std::string> ChooseSignature(const SavedModelInfo& info, const std::string& asked) {
  const auto has = [&info](std::string_view name) {
    return std::ranges::find(info.signatures, name) != info.signatures.end();
  };
  if (info.signatures.empty()) {
    return kit::Fail(PLINTH_INVALID_MODEL,
                     "the SavedModel has no signature; save it with model.export(folder) or with "
                     "tf.saved_model.save(model, folder, signatures=...)");
  }
  if (!asked.empty()) {
    if (has(asked)) return asked;
    return kit::Fail(PLINTH_INVALID_ARGUMENT, "the SavedModel has no signature '" + asked +
                                                  "'; it has: " + Quoted(info.signatures));
  }
  if (has(kDefaultSignature)) return std::string(kDefaultSignature);
  if (info.signatures.size() == 1) return info.signatures.front();
  return kit::Fail(PLINTH_INVALID_ARGUMENT,
                   "the SavedModel has no signature 'serving_default'; choose one by the option "
                   "\"signature\": " +
                       Quoted(info.signatures));
}

kit::Result<TemporaryFolder> TemporaryFolder::Make() {
  std::error_code error;
  std::string path = (fs::temp_directory_path(error) / "plinth-savedmodel-XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) {
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED,
                     "no folder for a temporary copy can be made at " + path);
  }
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  if (!path_.empty()) fs::remove_all(path_, error);  // does not follow links
}

kit::Result<TemporaryFolder> WithSignatureAsDefault(const std::string& folder,
                                                    const std::string& signature) {
  auto model = ReadFile(fs::path(folder) / "saved_model.pb");
  if (!model) return kit::Fail(model.error());
  auto copy = TemporaryFolder::Make();
  if (!copy) return kit::Fail(copy.error());
  std::string rewritten;
  try {
    rewritten = OneSignature(*model, signature);
  } catch (const protozero::exception&) {
    return NoSavedModel();
  }
  std::ofstream out(fs::path(copy->path()) / "saved_model.pb", std::ios::binary);
  out.write(rewritten.data(), static_cast<std::streamsize>(rewritten.size()));
  out.close();
  if (!out)
    return kit::Fail(PLINTH_RESOURCE_EXHAUSTED,
                     "a temporary copy of saved_model.pb cannot be written");
  std::error_code error;
  for (const char* part : {"variables", "assets"}) {
    const fs::path original = fs::absolute(fs::path(folder) / part, error);
    if (fs::exists(original, error))
      fs::create_directory_symlink(original, fs::path(copy->path()) / part, error);
  }
  return copy;
}

}  // namespace plinth::openvino
