#include "skops/members.h"

#include <string>
#include <utility>

#include "pickle/array.h"
#include "pickle/construct.h"
#include "skops/npy.h"

namespace plinth::sklearn {

Result<std::string_view> Members::Read(std::string_view name) {
  constexpr std::size_t kShown = 100;
  const ZipArchive::Member* member = archive_.Find(name);
  if (member == nullptr) {
    return Fail(Code::kInvalidModel,
                "the skops file has no '" + std::string(name.substr(0, kShown)) + "' in it");
  }
  if (const auto found = unpacked_.find(name); found != unpacked_.end()) return found->second;
  std::string room;
  auto contents = Unpack(*member, room);
  if (!contents) return contents;
  std::string_view kept = *contents;
  if (kept.data() == room.data()) {
    kept = document_.KeepText(std::move(room));
    if (kept.data() == nullptr) return BudgetSpent();
  }
  const std::string_view key = document_.KeepText(std::string(name));
  if (key.data() == nullptr) return BudgetSpent();
  unpacked_.emplace(key, kept);
  return kept;
}

Result<Value*> Members::ReadArray(std::string_view name) {
  const auto bytes = Read(name);
  if (!bytes) return Fail(bytes.error());
  auto array = ReadNpy(document_, *bytes);
  if (!array) return Fail(std::move(array.error()));
  Value* value = document_.NewArray(std::move(*array));
  if (value == nullptr) return BudgetSpent();
  return value;
}

Result<Value*> Members::ReadSparse(std::string_view name) {
  const auto bytes = Read(name);
  if (!bytes) return Fail(bytes.error());
  const auto archive = ZipArchive::Open(*bytes);
  if (!archive) return Fail(archive.error());
  Members parts(document_, *archive);
  Value* attributes = document_.New(Kind::kDict);
  if (attributes == nullptr) return BudgetSpent();
  // Which of them there are depends on the matrix's format.
  for (std::string_view part : {"shape", "data", "indices", "indptr", "row", "col", "offsets"}) {
    const std::string file = std::string(part) + ".npy";
    if (archive->Find(file) == nullptr) continue;
    auto array = parts.ReadArray(file);
    if (!array) return array;
    Value* key = document_.NewText(Kind::kString, part == "shape" ? "_shape" : part);
    if (key == nullptr || !document_.Charge(2 * sizeof(Value*))) return BudgetSpent();
    attributes->items.insert(attributes->items.end(), {key, *array});
  }
  return attributes;
}

}  // namespace plinth::sklearn
