// What a model's classes are called: for each output that has labels, one for each class.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/status.h"
#include "model/json_fields.h"

namespace plinth {

// An immutable value. Copies share the memory: configurations are copied often, and labels may be
// many.
class ClassLabels {
 public:
  using Map = std::map<std::string, std::vector<std::string>, std::less<>>;

  ClassLabels() = default;
  explicit ClassLabels(Map map) : map_(std::make_shared<const Map>(std::move(map))) {}

  bool empty() const { return map_ == nullptr || map_->empty(); }
  // The labels of an output's classes, in their order; empty if it has none. They live as long as
  // this value or a copy.
  std::span<const std::string> Of(std::string_view output) const;
  const Map& map() const;

  friend bool operator==(const ClassLabels& a, const ClassLabels& b) {
    return a.map_ == b.map_ || a.map() == b.map();
  }

 private:
  std::shared_ptr<const Map> map_;
};

// Reads {"probabilities": ["cat", "dog"]}. INVALID_ARGUMENT.
Result<ClassLabels> ReadClassLabels(const json::Field& field);

// Writes the member "class_labels", unless there are none.
void WriteClassLabels(JsonWriter& json, const ClassLabels& labels);

// The lines of a file of labels: one for each class, in their order. INVALID_ARGUMENT if it cannot
// be read or is larger than 16 MiB.
Result<std::vector<std::string>> ReadLabelFile(const std::string& path);

}  // namespace plinth
