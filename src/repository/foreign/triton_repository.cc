#include "repository/foreign/triton_repository.h"

#include <filesystem>
#include <system_error>
#include <vector>

#include "repository/foreign/mlserver.h"
#include "repository/foreign/triton_model.h"
#include "repository/model_files.h"

namespace plinth {

namespace fs = std::filesystem;

namespace {

void ScanModel(const fs::path& dir, ModelFolder& folder) {
  std::error_code error;
  const auto files =
      fs::exists(dir / "config.pbtxt", error) ? std::vector<fs::path>{} : FindMlServerModels(dir);
  if (files.empty()) return ScanTritonModel(dir.string(), folder);
  for (const fs::path& file : files) ScanMlServerModel(file, folder);
}

}  // namespace

Result<ModelFolder> ScanModelRepository(const std::string& dir) {
  std::error_code error;
  const auto entries = SortedEntries(dir, error);
  if (error) return Fail(Code::kNotFound, "model repository '" + dir + "': " + error.message());
  ModelFolder folder;
  if (fs::exists(fs::path(dir) / kMlServerFile, error)) {
    for (const fs::path& file : FindMlServerModels(dir)) ScanMlServerModel(file, folder);
    return folder;
  }
  for (const fs::path& entry : entries) {
    std::error_code ignored;
    if (fs::is_directory(entry, ignored)) ScanModel(entry, folder);
  }
  return folder;
}

}  // namespace plinth
