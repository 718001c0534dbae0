#include "net/http2_head.h"

#include <cstring>

namespace plinth::net {
namespace {

// What a field costs beside its characters (RFC 9113, 6.5.2).
constexpr std::size_t kFieldOverhead = 32;

}  // namespace

std::string_view Http2Head::Find(std::string_view name) const {
  for (const Header& field : fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

void Http2HeadReader::Begin() {
  text_.clear();
  fields_.clear();
  too_large_ = false;
}

void Http2HeadReader::Add(std::string_view name, std::string_view value) {
  const std::size_t size = text_.size() + name.size() + value.size();
  if (too_large_ || fields_.size() == limits_.header_fields ||
      size + (fields_.size() + 1) * kFieldOverhead > limits_.header_bytes) {
    too_large_ = true;
    return;
  }
  text_.append(name).append(value);
  fields_.push_back({name.size(), value.size()});
}

Http2Head Http2HeadReader::Take() {
  auto storage = std::make_shared_for_overwrite<char[]>(text_.size());
  std::memcpy(storage.get(), text_.data(), text_.size());
  Http2Head head;
  head.too_large = too_large_;
  head.fields.reserve(fields_.size());
  const char* at = storage.get();
  for (const Field& field : fields_) {
    const std::string_view name(at, field.name);
    const std::string_view value(at + field.name, field.value);
    at += field.name + field.value;
    if (name == ":method") {
      head.method = value;
    } else if (name == ":path") {
      head.path = value;
    } else if (name == ":authority") {
      head.authority = value;
    } else if (!name.starts_with(':')) {
      head.fields.push_back({name, value});
    }
  }
  head.storage = std::move(storage);
  return head;
}

}  // namespace plinth::net
