// What is to be told of a configuration that was translated into ours.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repository/foreign/text_proto.h"
#include "repository/model_folder.h"

namespace plinth {

class Notes {
 public:
  // `file` is what the configuration was read from.
  explicit Notes(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }

  // A field that has no effect, or not the whole.
  void Warn(const text_proto::Field& field, std::string_view why);
  // Our setting `key` has its value from there.
  void From(std::string_view key, const text_proto::Field& field);
  // An error of text_proto, with the file.
  Error In(const Error& error) const;

  std::vector<std::string> warnings;
  ValueOrigins origins;

 private:
  std::string Where(text_proto::Position at) const;

  std::string file_;
};

}  // namespace plinth
