#include "repository/tree_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "repository/model_files.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kNames = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t kAnything =
    kNames | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

std::unexpected<Error> NoMore(const char* what, int error) {
  return Fail(Code::kResourceExhausted, std::string(what) + ": " + ErrorText(error));
}

}  // namespace

TreeWatch::TreeWatch(FileDescriptor inotify, const std::string& root)
    : inotify_(std::move(inotify)) {
  std::error_code ignored;
  fs::path path = fs::absolute(root, ignored).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  root_ = path;
  above_ = path.parent_path();
  name_ = path.filename();
}

Result<TreeWatch> TreeWatch::Create(const std::string& root) {
  FileDescriptor inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) return NoMore("no inotify instance", errno);
  return TreeWatch(std::move(inotify), root);
}

Status TreeWatch::Watch() {
  above_watch_ = ::inotify_add_watch(inotify_.get(), above_.c_str(), kNames | IN_ONLYDIR);
  std::set<int> watches;
  int refusal = 0;
  WalkModelFiles(root_, [&](const ModelFile& file) {
    if (file.kind != ModelFile::Kind::kFolder || refusal != 0) return false;
    const int watch = ::inotify_add_watch(inotify_.get(), file.path.c_str(),
                                          kAnything | IN_ONLYDIR | IN_EXCL_UNLINK);
    if (watch < 0) {
      if (errno == ENOSPC || errno == ENOMEM) refusal = errno;
      return false;  // else it is gone, or may not be read
    }
    return watches.insert(watch).second;  // false: a link to what was watched already
  });
  for (const int old : watches_) {
    if (!watches.contains(old)) ::inotify_rm_watch(inotify_.get(), old);
  }
  watches_ = std::move(watches);
  if (refusal != 0) return NoMore("no inotify watches", refusal);
  if (watches_.empty()) return Fail(Code::kNotFound, "folder '" + root_ + "' cannot be watched");
  return {};
}

// Of the folder above the root only what happens to the root's own name counts.
bool TreeWatch::IsOfAnother(int watch, const char* name) const {
  return watch == above_watch_ && name_ != name;
}

bool TreeWatch::TakeEvents() {
  bool any = false;
  alignas(inotify_event) std::array<char, 16 << 10> bytes{};
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), bytes.data(), bytes.size());
    if (size <= 0) return any;
    for (const char* at = bytes.data(); at < bytes.data() + size;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const char* const name = event.len > 0 ? at + sizeof event : "";
      any = any || !IsOfAnother(event.wd, name);
      at += sizeof event + event.len;
    }
  }
}

}  // namespace plinth
