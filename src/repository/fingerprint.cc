#include "repository/fingerprint.h"

#include "repository/model_files.h"

namespace plinth {
namespace {

void Add(Hasher128& hash, const timespec& time) {
  hash.Number(static_cast<std::uint64_t>(time.tv_sec));
  hash.Number(static_cast<std::uint64_t>(time.tv_nsec));
}

Hash128 HashOf(const ModelFile& file, bool lasting_inodes) {
  Hasher128 hash;
  hash.Text(file.relative);
  hash.Number(static_cast<std::uint64_t>(file.error));
  if (lasting_inodes) hash.Number(file.info.st_ino);
  hash.Number(static_cast<std::uint64_t>(file.info.st_size));
  Add(hash, file.info.st_mtim);
  Add(hash, file.info.st_ctim);
  return hash.Finish();
}

}  // namespace

Fingerprint FingerprintOf(const std::string& path) {
  const bool lasting_inodes = !IsOnRemoteFileSystem(path);
  Fingerprint print;
  WalkModelFiles(path, [&](const ModelFile& file) {
    if (file.kind == ModelFile::Kind::kFolder) return true;
    // A sum, so that the order in which a folder lists its files does not matter. The hashes are
    // keyed: nobody can choose files whose sums are the same.
    const Hash128 hash = HashOf(file, lasting_inodes);
    print.hash.low += hash.low;
    print.hash.high += hash.high;
    if (file.kind == ModelFile::Kind::kFile && file.relative != "plinth.json") ++print.files;
    return true;
  });
  return print;
}

}  // namespace plinth
