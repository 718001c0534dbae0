// What proto/ declares, as protoc has compiled it into this program.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace plinth::api {

// The serialized google.protobuf.FileDescriptorSet of proto/ with all that it imports.
std::string_view DescriptorSet();

// An index of such a set, which must outlive it. Messages, enums, services and methods are found by
// their full names.
class Descriptors {
 public:
  // INTERNAL: it is none.
  static Result<Descriptors> Read(std::string_view set);

  // The serialized file and all that it imports, the file first; empty if there is none.
  std::vector<std::string_view> FileNamed(std::string_view name) const;
  std::vector<std::string_view> FileWith(std::string_view symbol) const;
  bool HasMessage(std::string_view name) const;

 private:
  struct File {
    std::string_view bytes;
    std::vector<std::string_view> imports;
  };
  enum class Kind { kMessage, kOther };
  struct Symbol {
    Kind kind;
    std::string_view file;
  };

  void ReadFile(std::string_view bytes);
  void ReadMessage(std::string_view bytes, const std::string& scope, std::string_view file);
  void ReadEnum(std::string_view bytes, const std::string& scope, std::string_view file);
  void ReadService(std::string_view bytes, const std::string& scope, std::string_view file);

  std::map<std::string, File, std::less<>> files_;
  std::map<std::string, Symbol, std::less<>> symbols_;
};

}  // namespace plinth::api
