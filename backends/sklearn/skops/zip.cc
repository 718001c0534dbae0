#include "skops/zip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "pickle/compress.h"
#include "pickle/stream.h"

namespace plinth::sklearn {
namespace {

constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint32_t kFull32 = 0xffffffff;  // the true number stands in the ZIP64 field

std::unexpected<Error> Damaged(std::string_view what) {
  return Fail(Code::kInvalidModel, "the ZIP archive is damaged (" + std::string(what) +
                                       "); it was not saved or copied whole");
}

// The bytes from `offset` on; nothing if that is past the end.
std::optional<Stream> At(std::string_view bytes, std::uint64_t offset) {
  if (offset > bytes.size()) return std::nullopt;
  return Stream(bytes.substr(static_cast<std::size_t>(offset)));
}

struct Directory {
  std::uint64_t count = 0;
  std::uint64_t offset = 0;
};

// The ZIP64 end record, which the locator right before the end record points at.
std::optional<Directory> FindDirectory64(std::string_view bytes, std::size_t end_record) {
  constexpr std::size_t kLocatorSize = 20;
  if (end_record < kLocatorSize) return std::nullopt;
  Stream locator(bytes.substr(end_record - kLocatorSize, kLocatorSize));
  if (locator.Take(4) != "PK\x06\x07" || !locator.Take(4)) return std::nullopt;
  auto record = At(bytes, *locator.TakeNumber(8));
  if (!record || record->Take(4) != "PK\x06\x06" || !record->Take(28)) return std::nullopt;
  const auto count = record->TakeNumber(8);
  if (!count || !record->Take(8)) return std::nullopt;
  const auto offset = record->TakeNumber(8);
  if (!offset) return std::nullopt;
  return Directory{*count, *offset};
}

// The end record is the last thing in the archive, but for a comment of at most 64 KiB.
std::optional<Directory> FindDirectory(std::string_view bytes) {
  constexpr std::size_t kRecordSize = 22;
  if (bytes.size() < kRecordSize) return std::nullopt;
  const std::size_t at = bytes.rfind("PK\x05\x06", bytes.size() - kRecordSize);
  if (at == std::string_view::npos || bytes.size() - at > kRecordSize + 0xffff) return std::nullopt;
  Stream record(bytes.substr(at + 10));
  const std::uint64_t count = *record.TakeNumber(2);
  (void)record.Take(4);
  const std::uint64_t offset = *record.TakeNumber(4);
  if (count == 0xffff || offset == kFull32) {
    if (const auto directory = FindDirectory64(bytes, at)) return directory;
  }
  return Directory{count, offset};
}

// An entry of the directory as it is written.
struct Entry {
  std::string_view name;
  std::uint64_t packed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // of the member's own header
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
};

// The ZIP64 field holds those of size, packed size and offset that did not fit, in this order.
bool ReadExtra(std::string_view extra, Entry& entry) {
  constexpr std::uint64_t kZip64 = 1;
  Stream fields(extra);
  while (fields.left() >= 4) {
    const std::uint64_t id = *fields.TakeNumber(2);
    const auto content = fields.Take(*fields.TakeNumber(2));
    if (!content) return false;
    if (id != kZip64) continue;
    Stream numbers(*content);
    for (std::uint64_t* number : {&entry.size, &entry.packed_size, &entry.offset}) {
      if (*number != kFull32) continue;
      const auto large = numbers.TakeNumber(8);
      if (!large) return false;
      *number = *large;
    }
  }
  return true;
}

std::optional<Entry> TakeEntry(Stream& directory) {
  constexpr std::size_t kFixedSize = 46;
  const auto fixed = directory.Take(kFixedSize);
  if (!fixed || !fixed->starts_with("PK\x01\x02")) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t width) {
    return *Stream(fixed->substr(at)).TakeNumber(width);
  };
  Entry entry;
  entry.flags = static_cast<std::uint16_t>(number(8, 2));
  entry.method = static_cast<std::uint16_t>(number(10, 2));
  entry.crc = static_cast<std::uint32_t>(number(16, 4));
  entry.packed_size = number(20, 4);
  entry.size = number(24, 4);
  entry.offset = number(42, 4);
  const auto name = directory.Take(number(28, 2));
  const auto extra = directory.Take(number(30, 2));
  if (!name || !extra || !directory.Take(number(32, 2))) return std::nullopt;
  entry.name = *name;
  if (!ReadExtra(*extra, entry)) return std::nullopt;
  return entry;
}

// The packed bytes lie behind the member's own header, whose name and extra field may have other
// lengths than in the directory.
std::optional<std::string_view> PackedBytes(std::string_view bytes, const Entry& entry) {
  auto header = At(bytes, entry.offset);
  if (!header || header->Take(4) != "PK\x03\x04" || !header->Take(22)) return std::nullopt;
  const auto name_size = header->TakeNumber(2);
  const auto extra_size = header->TakeNumber(2);
  if (!name_size || !extra_size || !header->Take(*name_size + *extra_size)) return std::nullopt;
  return header->Take(entry.packed_size);
}

// Fills `room` with exactly what the deflated bytes become; false if that is not its size.
bool Inflate(std::string_view packed, std::string& room) {
  constexpr std::size_t kMost = std::numeric_limits<unsigned>::max() / 2;
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  std::size_t in_left = packed.size();
  std::size_t out_left = room.size();
  for (;;) {
    const auto fed = static_cast<unsigned>(std::min(in_left, kMost));
    const auto offered = static_cast<unsigned>(std::min(out_left, kMost));
    stream.avail_in = fed;
    stream.avail_out = offered;
    const int status = inflate(&stream, Z_NO_FLUSH);
    in_left -= fed - stream.avail_in;
    out_left -= offered - stream.avail_out;
    if (status == Z_STREAM_END) return out_left == 0;
    const bool stuck = stream.avail_in == fed && stream.avail_out == offered;
    if (status != Z_OK || stuck) return false;
  }
}

}  // namespace

Status ZipArchive::ReadDirectory(std::string_view bytes) {
  constexpr std::uint16_t kEncrypted = 1;
  const auto place = FindDirectory(bytes);
  auto directory = place ? At(bytes, place->offset) : std::nullopt;
  if (!directory) return Damaged("it has no directory");
  const std::size_t limit = DecompressedLimit(bytes.size());
  for (std::uint64_t i = 0; i < place->count; ++i) {
    const auto entry = TakeEntry(*directory);
    if (!entry) return Damaged("its directory ends early");
    if (entry->flags & kEncrypted) {
      return Fail(Code::kInvalidModel, "the ZIP archive is encrypted, which cannot be read");
    }
    const auto packed = PackedBytes(bytes, *entry);
    if (!packed || (entry->method == kStored && packed->size() != entry->size)) {
      return Damaged("a member lies outside of it");
    }
    if (entry->size > limit - content_size_) {
      return Fail(Code::kInvalidModel,
                  "the ZIP archive becomes far larger than any model of its size would; it was not "
                  "read further (if it is one all the same, save it without compression)");
    }
    const auto size = static_cast<std::size_t>(entry->size);
    content_size_ += size;
    members_.insert_or_assign(entry->name, Member{*packed, size, entry->method, entry->crc});
  }
  return {};
}

Result<ZipArchive> ZipArchive::Open(std::string_view bytes) {
  ZipArchive archive;
  if (Status status = archive.ReadDirectory(bytes); !status) return Fail(std::move(status.error()));
  return archive;
}

const ZipArchive::Member* ZipArchive::Find(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

Result<std::string_view> Unpack(const ZipArchive::Member& member, std::string& room) {
  std::string_view contents = member.packed;
  if (member.method == kDeflated) {
    room.resize(member.size);
    if (!Inflate(member.packed, room)) return Damaged("a member cannot be inflated");
    contents = room;
  } else if (member.method != kStored) {
    return Fail(Code::kInvalidModel,
                "the ZIP archive uses compression method " + std::to_string(member.method) +
                    "; save it with zipfile.ZIP_STORED or zipfile.ZIP_DEFLATED");
  }
  const auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size());
  if (crc != member.crc) return Damaged("a member's checksum is wrong");
  return contents;
}

}  // namespace plinth::sklearn
