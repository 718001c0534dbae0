#include "common/compiled.h"

#include <cstddef>

namespace plinth::kit {

CompiledForm::CompiledForm(const plinth_load_request& request)
    : compiled_(request.struct_size > offsetof(plinth_load_request, compiled) ? request.compiled
                                                                              : nullptr) {}

bool CompiledForm::Find(const std::vector<std::string>& paths) {
  if (compiled_ == nullptr) return false;
  std::vector<const char*> names;
  names.reserve(paths.size());
  for (const std::string& path : paths) names.push_back(path.c_str());
  const plinth_compiled_file* files = nullptr;
  const std::size_t count = compiled_->find(compiled_->context, names.size(), names.data(), &files);
  files_ = {files, count};
  return count > 0;
}

std::span<const std::byte> CompiledForm::File(std::string_view name) const {
  for (const plinth_compiled_file& file : files_) {
    if (file.name == name) return {static_cast<const std::byte*>(file.data), file.size};
  }
  return {};
}

const char* CompiledForm::Folder() const {
  return compiled_ == nullptr ? nullptr : compiled_->folder(compiled_->context);
}

}  // namespace plinth::kit
