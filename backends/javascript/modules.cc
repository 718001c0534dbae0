#include "javascript/modules.h"

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "common/file_bytes.h"
#include "javascript/transformer.h"

namespace plinth::javascript {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{32} << 20;
constexpr std::array<std::string_view, 5> kScripts = {".ts", ".js", ".mjs", ".mts", ".cjs"};
constexpr std::array<std::string_view, 2> kMainNames = {"index", "model"};

bool IsTypeScript(std::string_view name) { return name.ends_with(".ts") || name.ends_with(".mts"); }

bool IsFile(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

// Code without imports, exports and promises to wait for runs as it is.
bool NeedsTransform(std::string_view name, std::string_view text) {
  return IsTypeScript(name) || text.find("import") != text.npos ||
         text.find("await") != text.npos || text.find("export ") != text.npos ||
         text.find("export{") != text.npos;
}

// Where an import may lead, the likeliest first.
std::vector<fs::path> Candidates(const fs::path& target) {
  std::vector<fs::path> candidates{target};
  for (const std::string_view ending : kScripts)
    candidates.push_back(target.string() + std::string(ending));
  // In TypeScript "./a.js" names the file that a.ts will become.
  if (target.extension() == ".js" || target.extension() == ".mjs") {
    fs::path source = target;
    candidates.emplace_back(source.replace_extension(".ts"));
  }
  for (const std::string_view ending : kScripts)
    candidates.push_back(target / ("index" + std::string(ending)));
  return candidates;
}

}  // namespace

bool IsScript(std::string_view path) {
  for (const std::string_view ending : kScripts) {
    if (path.ends_with(ending)) return !path.ends_with(".d.ts");
  }
  return false;
}

std::string MainFile(const std::string& folder) {
  for (const std::string_view name : kMainNames) {
    for (const std::string_view ending : kScripts) {
      const fs::path file = fs::path(folder) / (std::string(name) + std::string(ending));
      if (IsFile(file)) return file;
    }
  }
  return "";
}

kit::Result<Modules> Modules::Open(const std::string& path) {
  std::error_code error;
  std::string file = path;
  if (fs::is_directory(path, error)) {
    file = MainFile(path);
    if (file.empty()) {
      return kit::Fail(PLINTH_INVALID_MODEL,
                       "the folder has no index.ts, model.ts, index.js or model.js");
    }
  }
  const fs::path real = fs::canonical(file, error);
  if (error)
    return kit::Fail(PLINTH_NOT_FOUND, "cannot open " + fs::path(file).filename().string());
  return Modules(real.parent_path(), real.filename());
}

kit::Result<std::string> Modules::Resolve(std::string_view from, std::string_view specifier) const {
  if (from.empty()) return entry_;
  if (!specifier.starts_with("./") && !specifier.starts_with("../") && specifier != "." &&
      specifier != "..") {
    return kit::Fail(PLINTH_INVALID_MODEL,
                     std::string(from) + " imports '" + std::string(specifier) +
                         "'; only files beside the model can be imported, as './name'");
  }
  const fs::path base = fs::path(folder_) / fs::path(from).parent_path();
  for (const fs::path& candidate : Candidates((base / specifier).lexically_normal())) {
    if (!IsFile(candidate)) continue;
    std::error_code error;
    const std::string real = fs::canonical(candidate, error);
    if (error || !real.starts_with(folder_ + "/")) {
      return kit::Fail(PLINTH_INVALID_MODEL, std::string(from) + " imports '" +
                                                 std::string(specifier) +
                                                 "', which lies outside of the model's folder");
    }
    return real.substr(folder_.size() + 1);
  }
  return kit::Fail(PLINTH_INVALID_MODEL, std::string(from) + " imports '" + std::string(specifier) +
                                             "', which is not there");
}

kit::Result<const Module*> Modules::Read(const std::string& id) {
  if (const auto it = read_.find(id); it != read_.end()) return &it->second;
  kit::Result<kit::FileBytes> bytes = kit::ReadFile(folder_ + "/" + id);
  if (!bytes) return kit::Fail(std::move(bytes.error()));
  bytes_ += bytes->size;
  if (bytes_ > kMostBytes) {
    return kit::Fail(PLINTH_INVALID_MODEL, "the model's files are larger than 32 MB together");
  }
  Module module{false, std::string(static_cast<const char*>(bytes->data.get()), bytes->size),
                JsString(""), JsString("")};
  if (!IsUtf8(module.text)) return kit::Fail(PLINTH_INVALID_MODEL, id + " is no UTF-8 text");
  if (id.ends_with(".json")) {
    module.json = true;
  } else if (!IsScript(id)) {
    return kit::Fail(PLINTH_INVALID_MODEL,
                     id + " cannot be imported: only .ts, .js, .mjs and .json can");
  } else if (NeedsTransform(id, module.text)) {
    kit::Result<Transformed> made = Transform(module.text, id, IsTypeScript(id));
    if (!made) return kit::Fail(std::move(made.error()));
    module.code = made->code;
    module.map = made->map;
  } else {
    module.code = JsString(module.text);
  }
  return &read_.emplace(id, std::move(module)).first->second;
}

}  // namespace plinth::javascript
