#include "pytorch/torch_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

namespace plinth::pytorch {
namespace {

constexpr std::string_view kHow =
    "; save it by torch.jit.trace(model.eval(), example).save(\"model.pt\")";

// The names of a zip archive's files, from the directory at its end. Empty if it is no zip; names
// that do not fit are left out.
std::vector<std::string> ZipNames(std::ifstream& in, std::uintmax_t size) {
  constexpr std::uintmax_t kTail =
      1 << 20;  // the directories of most archives; the names that are looked for come early
  const std::uintmax_t length = std::min(size, kTail);
  std::string tail(length, '\0');
  in.seekg(static_cast<std::streamoff>(size - length));
  in.read(tail.data(), static_cast<std::streamsize>(length));
  tail.resize(static_cast<std::size_t>(in.gcount()));
  constexpr std::string_view kEntry = "PK\x01\x02";
  constexpr std::size_t kEntryHead = 46;
  constexpr std::size_t kNameLength = 28;
  std::vector<std::string> names;
  for (std::size_t at = tail.find(kEntry); at != std::string::npos;
       at = tail.find(kEntry, at + 4)) {
    if (at + kEntryHead > tail.size()) break;
    const auto low = static_cast<unsigned char>(tail[at + kNameLength]);
    const auto high = static_cast<unsigned char>(tail[at + kNameLength + 1]);
    const std::size_t name_length = low + 256u * high;
    if (at + kEntryHead + name_length > tail.size()) break;
    names.push_back(tail.substr(at + kEntryHead, name_length));
  }
  return names;
}

bool Has(const std::vector<std::string>& names, std::string_view suffix) {
  return std::ranges::any_of(names,
                             [suffix](const std::string& name) { return name.ends_with(suffix); });
}

std::unexpected<kit::Failure> Not(std::string_view what) {
  return kit::Fail(PLINTH_INVALID_MODEL,
                   "the file is " + std::string(what) + ", not TorchScript" + std::string(kHow));
}

}  // namespace

kit::Status CheckFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return kit::Fail(PLINTH_NOT_FOUND, "there is no " + path);
  if (!std::filesystem::is_regular_file(path, error)) return Not("no regular file");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  std::array<char, 4> head{};
  in.read(head.data(), head.size());
  const std::string_view magic(head.data(), static_cast<std::size_t>(in.gcount()));
  if (magic.starts_with('\x80'))
    return Not("a pickle, as torch.save() of PyTorch before 1.6 wrote it");
  if (magic != "PK\x03\x04") return Not("no zip archive");
  const std::vector<std::string> names = ZipNames(in, size);
  if (Has(names, "/constants.pkl")) return {};
  if (Has(names, "/models/model.json") || Has(names, "serialized_exported_program.json")) {
    return Not("a torch.export archive, which is not supported yet");
  }
  if (Has(names, "/data.pkl")) return Not("a state_dict or another object saved by torch.save()");
  if (names.empty()) return Not("a zip archive that breaks off");
  return Not("some other zip archive");
}

}  // namespace plinth::pytorch
