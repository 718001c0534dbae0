#include "base/shared_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"

namespace plinth {
namespace {

constexpr std::size_t kPage = 4096;

FileDescriptor MemoryFile(std::size_t size) {
  FileDescriptor file(::memfd_create("shared", 0));
  EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
  return file;
}

// Reads a byte, whatever the compiler thinks of it.
void Touch(const std::byte* at) { static_cast<void>(*static_cast<const volatile std::byte*>(at)); }

TEST(SharedMappingTest, SharesWhatIsWritten) {
  const FileDescriptor file = MemoryFile(3 * kPage);
  ASSERT_EQ(::pwrite(file.get(), "hello", 5, kPage + 10), 5);
  const auto mapping = SharedMapping::Map(file.get(), kPage + 10, kPage);
  ASSERT_TRUE(mapping);
  EXPECT_EQ(std::memcmp((*mapping)->data(), "hello", 5), 0);
  (*mapping)->data()[0] = std::byte{'j'};
  char back[5];
  ASSERT_EQ(::pread(file.get(), back, 5, kPage + 10), 5);
  EXPECT_EQ(std::string(back, 5), "jello");
  EXPECT_FALSE((*mapping)->broken());
}

TEST(SharedMappingTest, OutlivesTheEndOfItsFile) {
  const FileDescriptor file = MemoryFile(8 * kPage);
  const auto mapping = *SharedMapping::Map(file.get(), 0, 8 * kPage);
  std::memset(mapping->data(), 7, 8 * kPage);
  ASSERT_EQ(::ftruncate(file.get(), kPage), 0);
  EXPECT_FALSE(mapping->broken());
  EXPECT_EQ(mapping->data()[3 * kPage], std::byte{0});
  EXPECT_TRUE(mapping->broken());
  EXPECT_EQ(mapping->data()[0], std::byte{7});
  std::memset(mapping->data(), 9, 8 * kPage);  // goes nowhere, and ends nothing
  EXPECT_EQ(mapping->data()[8 * kPage - 1], std::byte{9});
}

TEST(SharedMappingTest, BreaksAlone) {
  const FileDescriptor one = MemoryFile(kPage);
  const FileDescriptor two = MemoryFile(kPage);
  const auto first = *SharedMapping::Map(one.get(), 0, kPage);
  auto second = *SharedMapping::Map(two.get(), 0, kPage);
  ASSERT_EQ(::ftruncate(two.get(), 0), 0);
  EXPECT_EQ(second->data()[5], std::byte{0});
  EXPECT_TRUE(second->broken());
  EXPECT_FALSE(first->broken());
  second.reset();
  const auto third = *SharedMapping::Map(one.get(), 0, kPage);
  EXPECT_FALSE(third->broken());
}

TEST(SharedMappingTest, IsReadByManyWhileItIsCutShort) {
  constexpr std::size_t kSize = 256 * kPage;
  for (int round = 0; round < 50; ++round) {
    const FileDescriptor file = MemoryFile(kSize);
    const auto mapping = *SharedMapping::Map(file.get(), 0, kSize);
    std::atomic<bool> stop{false};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        while (!stop.load()) {
          for (std::size_t at = 0; at < kSize; at += kPage) Touch(mapping->data() + at);
        }
      });
    }
    ASSERT_EQ(::ftruncate(file.get(), 16 * kPage), 0);
    while (!mapping->broken()) std::this_thread::yield();
    stop.store(true);
    for (std::thread& reader : readers) reader.join();
  }
}

TEST(SharedMappingTest, IsBoundedInNumber) {
  const FileDescriptor file = MemoryFile(kPage);
  std::vector<std::shared_ptr<SharedMapping>> mappings;
  while (mappings.size() < SharedMapping::kMost) {
    auto mapping = SharedMapping::Map(file.get(), 0, kPage);
    ASSERT_TRUE(mapping);
    mappings.push_back(*std::move(mapping));
  }
  EXPECT_EQ(SharedMapping::Map(file.get(), 0, kPage).error().code, Code::kResourceExhausted);
  mappings.pop_back();
  EXPECT_TRUE(SharedMapping::Map(file.get(), 0, kPage));
}

TEST(SharedMappingTest, SaysWhatCannotBeMapped) {
  EXPECT_THAT(SharedMapping::Map(-1, 0, kPage).error().message,
              testing::HasSubstr("cannot be mapped"));
}

TEST(SharedMappingDeathTest, LeavesOtherFaultsAlone) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const FileDescriptor file = MemoryFile(kPage);
  const auto mapping = SharedMapping::Map(file.get(), 0, kPage);
  const auto touch = [&] {
    void* const other = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, file.get(), 0);
    static_cast<void>(::ftruncate(file.get(), 0));
    Touch(static_cast<std::byte*>(other));
  };
  EXPECT_DEATH(touch(), "");
}

}  // namespace
}  // namespace plinth
