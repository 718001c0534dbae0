#include "api/json/element_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace plinth::api {
namespace {

constexpr std::size_t kFewest = 64;
constexpr std::size_t kGrowth = 4;
// Unused room above this is given back, at the price of a copy.
constexpr std::size_t kTolerableSlack = std::size_t{64} * 1024;

// The first `size` bytes of a buffer that is not needed any more.
Buffer Trimmed(Buffer buffer, std::size_t size) {
  const std::size_t slack = buffer.size() - size;
  if (slack == 0) return buffer;
  const Buffer used = buffer.Slice(0, size);
  return slack > std::max(size, kTolerableSlack) ? Buffer::Copy(used.bytes()) : used;
}

// How many elements to expect in all if the rest of the text goes on as it began: `count` between
// the places where `first_rest` and `rest` bytes were left.
std::size_t Projected(std::size_t count, std::size_t first_rest, std::size_t rest) {
  const auto used = static_cast<double>(std::max(first_rest, rest + 1) - rest);
  const double share = static_cast<double>(count) / used * 1.05;
  return count + static_cast<std::size_t>(share * static_cast<double>(rest));
}

}  // namespace

void ElementStore::Grow(std::size_t told, std::size_t rest) {
  const std::size_t limit = count_ + rest / 2 + 1;  // an element takes two bytes: "0,"
  std::size_t wanted = std::clamp(told, kFewest, kFirstElements);
  if (count_ == 0) {
    first_rest_ = rest;
  } else {
    wanted =
        std::clamp(Projected(count_, first_rest_, rest), count_ + count_ / 2, count_ * kGrowth);
  }
  capacity_ = std::max(std::min(wanted, limit), count_ + 1);
  const std::size_t size = StoredSize();
  Buffer larger = Buffer::Allocate((capacity_ + ends()) * size);
  if (count_ > 0) {
    std::memcpy(larger.mutable_data(), elements_.data(), (count_ + ends()) * size);
  } else if (ends() == 1) {
    std::memset(larger.mutable_data(), 0, size);
  }
  elements_ = std::move(larger);
}

char* ElementStore::StringSpace(std::size_t size) {
  if (strings_size_ + size > strings_.size()) {
    Buffer larger = Buffer::Allocate(std::max(strings_size_ + size, strings_size_ * 2));
    if (strings_size_ > 0) std::memcpy(larger.mutable_data(), strings_.data(), strings_size_);
    strings_ = std::move(larger);
  }
  return reinterpret_cast<char*>(strings_.mutable_data()) + strings_size_;
}

void ElementStore::Append(std::string_view text) {
  if (text.empty()) return;
  std::memcpy(StringSpace(text.size()), text.data(), text.size());
  Extend(text.size());
}

void ElementStore::TurnIntoFloats() {
  // In place, front to back: a float takes no more room than the integer it replaces.
  std::byte* const bytes = elements_.mutable_data();
  for (std::size_t i = 0; i < count_; ++i) {
    std::int64_t whole = 0;
    std::memcpy(&whole, bytes + i * sizeof whole, sizeof whole);
    const auto real = static_cast<float>(whole);
    std::memcpy(bytes + i * sizeof real, &real, sizeof real);
  }
  type_ = DType::kFp32;
}

Result<Tensor> ElementStore::Finish(const Shape& shape) {
  if (type_ == DType::kAny) type_ = DType::kFp32;
  if (type_ == DType::kBytes && capacity_ == 0) Grow(0, 0);
  Buffer elements = Trimmed(std::move(elements_), (count_ + ends()) * StoredSize());
  if (type_ != DType::kBytes) return Tensor::FromBuffer(type_, shape, std::move(elements));
  return Tensor::FromStrings(shape, Trimmed(std::move(strings_), strings_size_),
                             std::move(elements));
}

}  // namespace plinth::api
