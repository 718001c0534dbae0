// Reading a ZIP archive that is in memory.
//
// The names in an archive are keys here and nothing more: no file is ever made, so a name with ".."
// is as harmless as any other. Every offset and size is checked against the archive before it is
// used; a member is inflated into room of exactly the size that its entry claims, and an archive
// whose entries claim more than DecompressedLimit() in all is refused before any is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/status.h"

namespace plinth::sklearn {

class ZipArchive {
 public:
  struct Member {
    std::string_view packed;  // as it lies in the archive
    std::size_t size = 0;     // of its contents
    std::uint16_t method = 0;
    std::uint32_t crc = 0;
  };

  // Whether the bytes begin as an archive with members does.
  static bool LooksLikeOne(std::string_view bytes) { return bytes.starts_with("PK\x03\x04"); }

  // Reads the directory. `bytes` must outlive the archive. INVALID_MODEL if it is damaged.
  static Result<ZipArchive> Open(std::string_view bytes);

  // Null if there is none of that name. Of several, the last, as in Python.
  const Member* Find(std::string_view name) const;

  // What all members together become.
  std::size_t content_size() const { return content_size_; }

 private:
  Status ReadDirectory(std::string_view bytes);

  std::map<std::string_view, Member> members_;
  std::size_t content_size_ = 0;
};

// A member's contents: a view of the archive where it is stored as it is, otherwise of `room`,
// which is then filled. INVALID_MODEL if the data is damaged or compressed in a way that is not
// known.
Result<std::string_view> Unpack(const ZipArchive::Member& member, std::string& room);

}  // namespace plinth::sklearn
