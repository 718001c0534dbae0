#include "api/grpc/descriptors.h"

#include <algorithm>
#include <functional>
#include <protozero/pbf_reader.hpp>

#include "api/protobuf/reader.h"

namespace plinth::api {
namespace {

using protobuf::ViewOf;
using protozero::pbf_reader;

// Field numbers of google/protobuf/descriptor.proto.
constexpr int kName = 1;  // of every descriptor
namespace set_field {
constexpr int kFile = 1;
}
namespace file_field {
constexpr int kPackage = 2, kDependency = 3, kMessage = 4, kEnum = 5, kService = 6;
}
namespace message_field {
constexpr int kNested = 3, kEnum = 4;
}
namespace service_field {
constexpr int kMethod = 2;
}

// Calls `use` with each field `number` of a message.
template <typename Use>
void ForEach(std::string_view bytes, int number, Use use) {
  pbf_reader reader(bytes.data(), bytes.size());
  while (reader.next(static_cast<protozero::pbf_tag_type>(number))) use(ViewOf(reader));
}

std::string_view Text(std::string_view bytes, int number) {
  std::string_view text;
  ForEach(bytes, number, [&](std::string_view value) { text = value; });
  return text;
}

std::string Within(const std::string& scope, std::string_view name) {
  return scope.empty() ? std::string(name) : scope + "." + std::string(name);
}

}  // namespace

Result<Descriptors> Descriptors::Read(std::string_view set) {
  Descriptors descriptors;
  try {
    ForEach(set, set_field::kFile, [&](std::string_view file) { descriptors.ReadFile(file); });
  } catch (const protozero::exception& error) {
    return Fail(Code::kInternal, std::string("malformed descriptors: ") + error.what());
  }
  return descriptors;
}

void Descriptors::ReadFile(std::string_view bytes) {
  const std::string_view name = Text(bytes, kName);
  const std::string package(Text(bytes, file_field::kPackage));
  File file{bytes, {}};
  ForEach(bytes, file_field::kDependency,
          [&](std::string_view import) { file.imports.push_back(import); });
  files_.emplace(name, std::move(file));
  ForEach(bytes, file_field::kMessage,
          [&](std::string_view message) { ReadMessage(message, package, name); });
  ForEach(bytes, file_field::kEnum, [&](std::string_view type) { ReadEnum(type, package, name); });
  ForEach(bytes, file_field::kService,
          [&](std::string_view service) { ReadService(service, package, name); });
}

void Descriptors::ReadMessage(std::string_view bytes, const std::string& scope,
                              std::string_view file) {
  const std::string name = Within(scope, Text(bytes, kName));
  symbols_.emplace(name, Symbol{Kind::kMessage, file});
  ForEach(bytes, message_field::kNested,
          [&](std::string_view message) { ReadMessage(message, name, file); });
  ForEach(bytes, message_field::kEnum, [&](std::string_view type) { ReadEnum(type, name, file); });
}

void Descriptors::ReadEnum(std::string_view bytes, const std::string& scope,
                           std::string_view file) {
  symbols_.emplace(Within(scope, Text(bytes, kName)), Symbol{Kind::kOther, file});
}

void Descriptors::ReadService(std::string_view bytes, const std::string& scope,
                              std::string_view file) {
  const std::string name = Within(scope, Text(bytes, kName));
  symbols_.emplace(name, Symbol{Kind::kOther, file});
  ForEach(bytes, service_field::kMethod, [&](std::string_view method) {
    symbols_.emplace(Within(name, Text(method, kName)), Symbol{Kind::kOther, file});
  });
}

std::vector<std::string_view> Descriptors::FileNamed(std::string_view name) const {
  std::vector<std::string_view> names = {name};
  std::vector<std::string_view> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto file = files_.find(names[i]);
    if (file == files_.end()) continue;
    found.push_back(file->second.bytes);
    for (const std::string_view import : file->second.imports) {
      if (std::ranges::find(names, import) == names.end()) names.push_back(import);
    }
  }
  return found;
}

std::vector<std::string_view> Descriptors::FileWith(std::string_view symbol) const {
  const auto found = symbols_.find(symbol);
  if (found == symbols_.end()) return {};
  return FileNamed(found->second.file);
}

bool Descriptors::HasMessage(std::string_view name) const {
  const auto found = symbols_.find(name);
  return found != symbols_.end() && found->second.kind == Kind::kMessage;
}

}  // namespace plinth::api
