#include "repository/foreign/folder_model.h"

#include <utility>

#include "repository/fingerprint.h"

namespace plinth {

FolderModel MakeFolderModel(DeploySpec spec, std::span<const std::filesystem::path> parts) {
  FolderModel model;
  Hasher128 hash;
  hash.Text(spec.path);
  for (const std::filesystem::path& part : parts) {
    const Fingerprint print = FingerprintOf(part.string());
    hash.Number(print.hash.low);
    hash.Number(print.hash.high);
  }
  model.fingerprint = hash.Finish();
  model.spec = std::move(spec);
  return model;
}

}  // namespace plinth
