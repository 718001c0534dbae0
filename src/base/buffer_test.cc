#include "base/buffer.h"

#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

namespace plinth {
namespace {

TEST(BufferTest, AllocationsAreAlignedAndWritable) {
  for (const std::size_t size : {1u, 63u, 64u, 65u, 100'000u}) {
    Buffer buffer = Buffer::Allocate(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % Buffer::kAlignment, 0u);
    EXPECT_EQ(buffer.size(), size);
    std::memset(buffer.mutable_data(), 7, size);
    EXPECT_EQ(buffer.data()[size - 1], std::byte{7});
  }
  EXPECT_EQ(Buffer::Allocate(0).data(), nullptr);
}

TEST(BufferTest, SlicesShareTheMemoryAndOutliveTheirParent) {
  Buffer slice;
  {
    const Buffer whole = Buffer::FromString("a string long enough not to be stored in place");
    slice = whole.Slice(2, 6);
    EXPECT_EQ(slice.data(), whole.data() + 2);
  }
  EXPECT_EQ(std::string_view(slice.As<char>(), slice.size()), "string");
}

TEST(BufferTest, SharedMemoryIsReleasedWithTheLastView) {
  int released = 0;
  static const char kText[] = "text";
  {
    Buffer first = Buffer::Share(
        std::shared_ptr<const void>(kText, [&](const void*) { ++released; }), kText, 4);
    const Buffer second = first.Slice(1, 2);
    first = Buffer();
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

}  // namespace
}  // namespace plinth
