#include "net/grpc_frames.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "net/http.h"

namespace plinth::net {
namespace {

std::string Frame(std::size_t size) {
  std::string frame("\0\0\0\0\0", 5);
  frame[3] = static_cast<char>(size >> 8);
  frame[4] = static_cast<char>(size);
  return frame.append(size, 'x');
}

std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Whatever the pieces are.
TEST(GrpcFrameReaderTest, TheEndOfAMessageIsAligned) {
  for (const std::size_t size : {1UZ, 7UZ, 64UZ, 100UZ, 5000UZ}) {
    for (const std::size_t piece : {1UZ, 3UZ, 10'000UZ}) {
      GrpcFrameReader reader(1 << 20, nullptr, 0);
      const std::string frame = Frame(size);
      for (std::size_t at = 0; at < frame.size();) {
        const auto read = reader.Read(BytesOf(std::string_view(frame).substr(at, piece)));
        ASSERT_TRUE(read);
        at += *read;
      }
      ASSERT_TRUE(reader.complete());
      const Buffer message = reader.Take().bytes;
      ASSERT_EQ(message.size(), size);
      EXPECT_EQ(std::string_view(message.As<char>(), size), std::string(size, 'x'));
      const auto end = reinterpret_cast<std::uintptr_t>(message.data() + message.size());
      EXPECT_EQ(end % Buffer::kAlignment, 0U) << size;
    }
  }
}

TEST(GrpcFrameReaderTest, MayBeEmpty) {
  GrpcFrameReader reader(1 << 20, nullptr, 0);
  ASSERT_TRUE(reader.Read(BytesOf(Frame(0))));
  ASSERT_TRUE(reader.complete());
  EXPECT_TRUE(reader.Take().bytes.empty());
}

}  // namespace
}  // namespace plinth::net
