#include "net/output_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>

namespace plinth::net {
namespace {

// Takes `size` bytes at most as a socket would.
std::string Take(OutputQueue& queue, std::size_t size, std::size_t parts) {
  std::vector<iovec> vectors(parts);
  const std::size_t count = queue.Gather(vectors);
  std::string taken;
  for (std::size_t i = 0; i < count; ++i)
    taken.append(static_cast<const char*>(vectors[i].iov_base), vectors[i].iov_len);
  taken.resize(std::min(size, taken.size()));
  queue.Consume(taken.size());
  return taken;
}

TEST(OutputQueue, TextIsOnePiece) {
  OutputQueue queue;
  queue.Append("ab");
  queue.tail().append("cd");
  std::array<iovec, 4> parts;
  ASSERT_EQ(queue.Gather(parts), 1U);
  EXPECT_EQ(parts[0].iov_len, 4U);
  EXPECT_EQ(queue.size(), 4U);
}

TEST(OutputQueue, KeepsTheOrderHoweverItIsTaken) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    OutputQueue queue;
    std::string expected;
    std::string got;
    for (int step = 0; step < 400; ++step) {
      const std::string text(random() % 900, static_cast<char>('a' + random() % 26));
      switch (random() % 4) {
        case 0:
          queue.Append(text);
          expected += text;
          break;
        case 1:
          queue.Append(Buffer::FromString(text));
          expected += text;
          break;
        default:
          got += Take(queue, random() % 2000, 1 + random() % 5);
      }
      ASSERT_EQ(queue.size(), expected.size() - got.size());
    }
    while (!queue.empty()) got += Take(queue, 5000, 3);
    ASSERT_EQ(got, expected);
  }
}

TEST(OutputQueue, LetsSlicesGoWhenTheyAreConsumed) {
  OutputQueue queue;
  auto first = std::make_shared<std::string>("first");
  auto second = std::make_shared<std::string>("second");
  queue.Append(Buffer::Share(first, first->data(), first->size()));
  queue.Append(Buffer::Share(second, second->data(), second->size()));
  queue.Append("end");
  queue.Consume(4);
  EXPECT_EQ(first.use_count(), 2);
  queue.Consume(1);
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_EQ(second.use_count(), 2);
  queue.Consume(7);
  EXPECT_EQ(second.use_count(), 1);
  EXPECT_EQ(queue.size(), 2U);
}

}  // namespace
}  // namespace plinth::net
