#include "common/onnx_files.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

namespace plinth::kit {
namespace {

namespace fs = std::filesystem;

// The messages of onnx.proto through which a tensor can be reached.
enum class Message {
  kModel,
  kGraph,
  kNode,
  kAttribute,
  kTensor,
  kSparse,
  kFunction,
  kEntry,
  kKey,
  kValue
};

struct Field {
  Message in;
  std::uint64_t number;
  Message is;
};

constexpr std::array kFields = {
    Field{Message::kModel, 7, Message::kGraph},
    Field{Message::kModel, 25, Message::kFunction},
    Field{Message::kGraph, 1, Message::kNode},
    Field{Message::kGraph, 5, Message::kTensor},
    Field{Message::kGraph, 15, Message::kSparse},
    Field{Message::kFunction, 7, Message::kNode},
    Field{Message::kFunction, 11, Message::kAttribute},
    Field{Message::kNode, 5, Message::kAttribute},
    Field{Message::kAttribute, 5, Message::kTensor},
    Field{Message::kAttribute, 6, Message::kGraph},
    Field{Message::kAttribute, 10, Message::kTensor},
    Field{Message::kAttribute, 11, Message::kGraph},
    Field{Message::kAttribute, 22, Message::kSparse},
    Field{Message::kAttribute, 23, Message::kSparse},
    Field{Message::kSparse, 1, Message::kTensor},
    Field{Message::kSparse, 2, Message::kTensor},
    Field{Message::kTensor, 13, Message::kEntry},
    Field{Message::kEntry, 1, Message::kKey},
    Field{Message::kEntry, 2, Message::kValue},
};

// Graphs within graphs; what is deeper, the runtime refuses as well.
constexpr int kMaxDepth = 200;
constexpr std::uint64_t kMaxName = 4096;
constexpr std::size_t kMaxExternalFiles = 10'000;

class Scanner {
 public:
  explicit Scanner(const std::string& path) : in_(path, std::ios::binary) {
    in_.seekg(0, std::ios::end);
    size_ = in_ ? static_cast<std::uint64_t>(in_.tellg()) : 0;
    in_.seekg(0);
  }

  bool opened() const { return in_.good(); }
  std::uint64_t size() const { return size_; }
  const std::set<std::string>& names() const { return names_; }

  // False if this is no such message.
  bool Scan(Message message, std::uint64_t end, int depth) {
    if (depth > kMaxDepth) return false;
    while (at_ < end) {
      const auto tag = Varint();
      if (!tag) return false;
      switch (*tag & 7) {
        case 0:
          if (!Varint()) return false;
          break;
        case 1:
          if (!Skip(8, end)) return false;
          break;
        case 2: {
          const auto length = Varint();
          if (!length || *length > end - at_) return false;
          if (!Read(message, *tag >> 3, at_ + *length, depth)) return false;
          break;
        }
        case 5:
          if (!Skip(4, end)) return false;
          break;
        default:
          return false;
      }
    }
    return at_ == end;
  }

 private:
  // A field that ends at `end`.
  bool Read(Message in, std::uint64_t number, std::uint64_t end, int depth) {
    for (const Field& field : kFields) {
      if (field.in != in || field.number != number) continue;
      if (field.is == Message::kKey) return Text(end, key_);
      if (field.is == Message::kValue) return Text(end, value_);
      key_.clear();
      if (!Scan(field.is, end, depth + 1)) return false;
      if (field.is == Message::kEntry && key_ == "location") names_.insert(value_);
      return names_.size() <= kMaxExternalFiles;
    }
    return Skip(end - at_, end);
  }

  bool Text(std::uint64_t end, std::string& text) {
    const std::uint64_t length = end - at_;
    if (length > kMaxName) return false;
    text.resize(length);
    in_.read(text.data(), static_cast<std::streamsize>(length));
    at_ = end;
    return in_.good();
  }

  bool Skip(std::uint64_t length, std::uint64_t end) {
    if (length > end - at_) return false;
    // A jump throws away what the stream has read ahead.
    if (length < 512) {
      in_.ignore(static_cast<std::streamsize>(length));
    } else {
      in_.seekg(static_cast<std::streamoff>(length), std::ios::cur);
    }
    at_ += length;
    return in_.good();
  }

  std::optional<std::uint64_t> Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const int byte = in_.get();
      if (byte == std::ifstream::traits_type::eof()) return std::nullopt;
      ++at_;
      value |= (static_cast<std::uint64_t>(byte) & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }

  std::ifstream in_;
  std::uint64_t size_ = 0;
  std::uint64_t at_ = 0;
  std::string key_;
  std::string value_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::map<std::string, std::string>> ExternalFiles(const std::string& path) {
  Scanner scanner(path);
  if (!scanner.opened()) return Fail(PLINTH_NOT_FOUND, path + " cannot be opened");
  if (!scanner.Scan(Message::kModel, scanner.size(), 0)) {
    return Fail(PLINTH_INVALID_MODEL, "the file is no ONNX model, or it breaks off");
  }
  const fs::path folder = fs::path(path).parent_path();
  std::map<std::string, std::string> files;
  for (const std::string& name : scanner.names()) {
    std::error_code error;
    const fs::path file = fs::canonical(folder / name, error);
    const fs::path within = error ? "" : file.lexically_relative(fs::canonical(folder, error));
    if (within.empty() || *within.begin() == ".." || !fs::is_regular_file(file, error)) {
      return Fail(PLINTH_INVALID_MODEL, "weights of the model are in '" + name +
                                            "', but there is no such file in the model's folder");
    }
    files.emplace(name, file);
  }
  return files;
}

}  // namespace plinth::kit
