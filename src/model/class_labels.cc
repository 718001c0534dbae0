#include "model/class_labels.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace plinth {
namespace {

constexpr std::size_t kMaxOutputs = 1'000;
constexpr std::uintmax_t kMaxLabelFile = std::uintmax_t{16} << 20;

}  // namespace

std::span<const std::string> ClassLabels::Of(std::string_view output) const {
  const auto found = map().find(output);
  return found == map().end() ? std::span<const std::string>{} : found->second;
}

const ClassLabels::Map& ClassLabels::map() const {
  static const Map kNone;
  return map_ == nullptr ? kNone : *map_;
}

Result<ClassLabels> ReadClassLabels(const json::Field& field) {
  const auto object = field.Object();
  if (!object) return Fail(object.error());
  const auto outputs = json::FieldsOf(*object, "class_labels");
  if (!outputs) return Fail(outputs.error());
  if (outputs->size() > kMaxOutputs) {
    return field.Refuse("at most " + std::to_string(kMaxOutputs) + " outputs");
  }
  ClassLabels::Map map;
  for (const json::Field& output : *outputs) {
    const auto elements = output.Array();
    if (!elements) return Fail(elements.error());
    std::vector<std::string> labels;
    labels.reserve(elements->size());
    for (const simdjson::dom::element element : *elements) {
      std::string_view label;
      if (element.get_string().get(label) != simdjson::SUCCESS)
        return output.Refuse("an array of strings, one for each class");
      labels.emplace_back(label);
    }
    map.emplace(output.key, std::move(labels));
  }
  return ClassLabels(std::move(map));
}

void WriteClassLabels(JsonWriter& json, const ClassLabels& labels) {
  if (labels.empty()) return;
  json.Key("class_labels").BeginObject();
  for (const auto& [output, names] : labels.map()) {
    json.Key(output).BeginArray();
    for (const std::string& name : names) json.Value(name);
    json.EndArray();
  }
  json.EndObject();
}

Result<std::vector<std::string>> ReadLabelFile(const std::string& path) {
  const auto refuse = [&path](const std::string& why) {
    return Fail(Code::kInvalidArgument, "the file of labels " + path + " " + why);
  };
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return refuse("cannot be read: " + error.message());
  if (size > kMaxLabelFile) return refuse("is larger than 16 MiB");
  std::vector<std::string> labels;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    labels.push_back(std::move(line));
  }
  return labels;
}

}  // namespace plinth
