#include "model/compiled_entry.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/file_descriptor.h"
#include "base/stable_hash.h"
#include "model/content_digest.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

// The index is text, a line a file and a last one with the hash of all before it:
//
//   plinth-compiled 1
//   signature <hash>
//   file <size> <hash> <name>
//   end <hash>
constexpr std::string_view kIndexName = "plinth-index";
constexpr std::string_view kHead = "plinth-compiled 1";
constexpr std::size_t kMaxIndexBytes = 1 << 20;
constexpr std::size_t kMaxFiles = 100;

std::string_view TextOf(const Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

std::unexpected<Error> Broken(const std::string& what) {
  return Fail(Code::kInvalidModel, "the compiled form is broken: " + what);
}

// Memory for a whole file. To read 100 MB takes 60 to 80 ms where the kernel hands out pages of
// 4 KB, and 21 ms where they are huge.
Buffer AllocateLarge(std::size_t size) {
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  if (size < 2 * kHugePage) return Buffer::Allocate(size);
  const std::size_t rounded = (size + kHugePage - 1) / kHugePage * kHugePage;
  void* memory = std::aligned_alloc(kHugePage, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  ::madvise(memory, rounded, MADV_HUGEPAGE);  // a wish; without it all is only slower
  return Buffer::Share(
      std::shared_ptr<const void>(memory, [](const void* p) { std::free(const_cast<void*>(p)); }),
      memory, size);
}

Result<Buffer> ReadFile(const std::string& path, std::uint64_t limit) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    return Fail(errno == ENOENT ? Code::kNotFound : Code::kUnavailable,
                path + " cannot be opened: " + ErrorText(errno));
  }
  struct stat info {};
  const bool regular = ::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode);
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (!regular || size > limit) {
    return Fail(Code::kInvalidModel,
                path + " is no file of at most " + std::to_string(limit) + " bytes");
  }
  Buffer buffer = AllocateLarge(size);
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = ::read(file.get(), buffer.mutable_data() + at, size - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(Code::kUnavailable, path + ": " + ErrorText(errno));
    if (got == 0) return Fail(Code::kInvalidModel, path + " ends early");
    at += static_cast<std::size_t>(got);
  }
  return buffer;
}

struct IndexedFile {
  std::string name;
  std::uint64_t size = 0;
  std::string hash;
};

struct Index {
  std::string signature;
  std::vector<IndexedFile> files;
};

std::string LineOf(const IndexedFile& file) {
  return fmt::format("file {} {} {}\n", file.size, file.hash, file.name);
}

std::string Write(const Index& index) {
  std::string text = fmt::format("{}\nsignature {}\n", kHead, index.signature);
  for (const IndexedFile& file : index.files) text += LineOf(file);
  return text + fmt::format("end {}\n", StableHex(std::as_bytes(std::span(text))));
}

// What Write() gave, or nothing: whoever can change the index and its hash can change the model.
std::optional<Index> Parse(std::string_view text) {
  std::istringstream in{std::string(text)};
  Index index;
  std::string line;
  std::string word;
  if (!std::getline(in, line) || line != kHead) return std::nullopt;
  if (!(in >> word >> index.signature) || word != "signature") return std::nullopt;
  while (in >> word && word == "file" && index.files.size() < kMaxFiles) {
    IndexedFile file;
    in >> file.size >> file.hash;
    in.ignore(1);
    std::getline(in, file.name);
    index.files.push_back(std::move(file));
  }
  if (Write(index) != text) return std::nullopt;
  return index;
}

bool IsPlain(const std::string& name) {
  return !name.empty() && name != kIndexName && name.find_first_of("/\n") == std::string::npos;
}

}  // namespace

Result<std::shared_ptr<const CompiledFiles>> CompiledFiles::Read(const std::string& folder) {
  const auto text = ReadFile((fs::path(folder) / kIndexName).string(), kMaxIndexBytes);
  if (!text) return Fail(text.error());
  auto index = Parse(TextOf(*text));
  if (!index) return Broken("its index is not what was written");
  auto form = std::make_shared<CompiledFiles>();
  form->signature_ = std::move(index->signature);
  for (IndexedFile& file : index->files) {
    if (!IsPlain(file.name)) return Broken("a file has no plain name");
    auto contents = ReadFile((fs::path(folder) / file.name).string(), file.size);
    if (!contents) return Broken(contents.error().message);
    if (contents->size() != file.size || StableHex(contents->bytes()) != file.hash) {
      return Broken("'" + file.name + "' is not what was written");
    }
    form->names_.push_back(std::move(file.name));
    form->contents_.push_back(std::move(*contents));
  }
  for (std::size_t i = 0; i < form->names_.size(); ++i) {
    const Buffer& contents = form->contents_[i];
    form->files_.push_back({form->names_[i].c_str(), contents.data(), contents.size()});
  }
  return form;
}

std::uint64_t BytesIn(const std::string& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code gone;
    const std::uint64_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

Status WriteIndex(const std::string& folder, const std::string& signature) {
  Index index{signature, {}};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::string name = entry.path().filename();
    if (!IsPlain(name) || index.files.size() == kMaxFiles) {
      return Fail(Code::kFailedPrecondition, "the backend wrote what a compiled form cannot hold");
    }
    auto digest = DigestOf(entry.path());
    if (!digest) return Fail(digest.error());
    index.files.push_back({std::move(name), digest->size, std::move(digest->hash)});
  }
  if (index.files.empty()) return Fail(Code::kFailedPrecondition, "the backend wrote nothing");
  std::ranges::sort(index.files, {}, &IndexedFile::name);
  std::ofstream out(fs::path(folder) / kIndexName, std::ios::binary);
  out << Write(index) << std::flush;
  if (!out) return Fail(Code::kUnavailable, "the index cannot be written in " + folder);
  return {};
}

}  // namespace plinth
