#include "python/shared_memory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <vector>

namespace plinth::python {
namespace {

constexpr std::size_t kMb = std::size_t{1} << 20;

// Bytes of the file that have pages.
std::size_t PagesOf(const SharedMemory& memory) {
  struct stat status {};
  EXPECT_EQ(fstat(memory.file(), &status), 0);
  return static_cast<std::size_t>(status.st_blocks) * 512;
}

TEST(SharedMemoryTest, BlocksDoNotOverlapAndAreUsedAgain) {
  const auto memory = *SharedMemory::Create(kMb);
  std::mt19937 random(5);
  struct Block {
    std::size_t at, size;
    unsigned char mark;
  };
  std::vector<Block> blocks;
  for (int i = 0; i < 20'000; ++i) {
    if (blocks.empty() || random() % 2 == 0) {
      const std::size_t size = 1 + random() % 40'000;
      const auto at = memory->Allocate(size);
      if (!at) {
        EXPECT_EQ(at.error().status, PLINTH_RESOURCE_EXHAUSTED);
        EXPECT_FALSE(blocks.empty());
        continue;
      }
      ASSERT_EQ(*at % 64, 0U);
      ASSERT_GE(*at, 8U) << "the first bytes are never given away";
      ASSERT_LE(*at + size, kMb);
      blocks.push_back({*at, size, static_cast<unsigned char>(i)});
      std::memset(memory->At(*at), blocks.back().mark, size);
    } else {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      const Block block = blocks.back();
      for (std::size_t k : {std::size_t{0}, block.size - 1})
        ASSERT_EQ(static_cast<unsigned char>(memory->At(block.at)[k]), block.mark);
      memory->Free(block.at);
      blocks.pop_back();
    }
  }
  for (const Block& block : blocks) memory->Free(block.at);
  EXPECT_TRUE(memory->Allocate(kMb - 64)) << "what was freed is one piece again";
}

TEST(SharedMemoryTest, GivesPagesBack) {
  const auto memory = *SharedMemory::Create(256 * kMb);
  EXPECT_LT(PagesOf(*memory), kMb);
  const auto large = memory->Allocate(200 * kMb);
  ASSERT_TRUE(large);
  std::memset(memory->At(*large), 1, 200 * kMb);
  EXPECT_GE(PagesOf(*memory), 200 * kMb);
  memory->Free(*large);
  EXPECT_LE(PagesOf(*memory), 65 * kMb);
  // The worker's half: an output of 32 MB that is released.
  std::memset(memory->At(256 * kMb), 1, 32 * kMb);
  const std::size_t before = PagesOf(*memory);
  memory->Release(0, 32 * kMb);
  EXPECT_LE(PagesOf(*memory), before - 31 * kMb);
  EXPECT_EQ(memory->TakeReleased(), std::vector<std::uint64_t>{0});
}

TEST(SharedMemoryTest, CannotBeTakenFromUnderTheServer) {
  const auto memory = *SharedMemory::Create(kMb);
  EXPECT_NE(ftruncate(memory->file(), 0), 0);
  EXPECT_NE(ftruncate(memory->file(), static_cast<off_t>(8 * kMb)), 0);
  EXPECT_NE(fcntl(memory->file(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

}  // namespace
}  // namespace plinth::python
