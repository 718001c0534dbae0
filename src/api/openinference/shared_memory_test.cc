#include "api/openinference/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_descriptor.h"

namespace plinth::api::openinference {
namespace {

// An object as a client makes it, gone at the end of the test.
class ClientObject {
 public:
  explicit ClientObject(std::size_t size)
      : key("/plinth-test-" + std::to_string(getpid())),
        file(::shm_open(key.c_str(), O_RDWR | O_CREAT, 0600)) {
    EXPECT_EQ(::ftruncate(file.get(), static_cast<off_t>(size)), 0);
  }
  ~ClientObject() { ::shm_unlink(key.c_str()); }

  const std::string key;
  const FileDescriptor file;
};

std::string Refusal(const Status& status, Code code) {
  EXPECT_FALSE(status);
  EXPECT_EQ(status.error().code, code);
  return status.error().message;
}

std::string Refusal(const Result<SharedPart>& part, Code code) {
  return part ? "none" : Refusal(Status(Fail(part.error())), code);
}

TEST(SharedMemoryTest, GivesTheBytesOfARegion) {
  const ClientObject object(8192);
  SharedMemory memory(true);
  ASSERT_TRUE(memory.Register("r", object.key, 64, 128));
  ASSERT_EQ(::pwrite(object.file.get(), "hello", 5, 64 + 16), 5);
  const auto part = memory.Find("r", 16, 5);
  ASSERT_TRUE(part);
  EXPECT_EQ(std::memcmp(part->data, "hello", 5), 0);
  EXPECT_EQ(part->size, 5U);
}

TEST(SharedMemoryTest, TellsWhatThereIs) {
  const ClientObject object(8192);
  SharedMemory memory(true);
  ASSERT_TRUE(memory.Register("b", object.key, 0, 128));
  ASSERT_TRUE(memory.Register("a", object.key, 64, 128));
  EXPECT_EQ(Refusal(memory.Register("a", object.key, 0, 8), Code::kAlreadyExists),
            "shared memory region 'a' already in manager");
  const auto all = memory.Describe("");
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->front().name, "a");
  EXPECT_EQ(all->front().key, object.key);
  EXPECT_EQ(all->front().offset, 64U);
  EXPECT_EQ(all->front().byte_size, 128U);
  EXPECT_EQ(memory.Describe("b")->size(), 1U);
  EXPECT_EQ(memory.Describe("c").error().message,
            "Unable to find system shared memory region: 'c'");
  ASSERT_TRUE(memory.Unregister("b"));
  ASSERT_TRUE(memory.Unregister("never there"));
  EXPECT_EQ(memory.Describe("")->size(), 1U);
  ASSERT_TRUE(memory.UnregisterAll());
  EXPECT_TRUE(memory.Describe("")->empty());
}

TEST(SharedMemoryTest, RefusesWhatIsNotThere) {
  const ClientObject object(8192);
  SharedMemory memory(true);
  EXPECT_EQ(Refusal(memory.Register("r", "/plinth-no-such", 0, 8), Code::kInternal),
            "Unable to open shared memory region: '/plinth-no-such'");
  EXPECT_EQ(Refusal(memory.Register("r", "/../etc/passwd", 0, 8), Code::kInternal),
            "Unable to open shared memory region: '/../etc/passwd'");
  const std::string invalid = "failed to register shared memory region 'r': invalid args";
  EXPECT_EQ(Refusal(memory.Register("r", object.key, 0, 8193), Code::kInvalidArgument), invalid);
  EXPECT_EQ(Refusal(memory.Register("r", object.key, 8192, 1), Code::kInvalidArgument), invalid);
  EXPECT_EQ(Refusal(memory.Register("r", object.key, 0, 0), Code::kInvalidArgument), invalid);
  EXPECT_EQ(Refusal(memory.Register("r", object.key, UINT64_MAX, 2), Code::kInvalidArgument),
            invalid);
  ASSERT_TRUE(memory.Register("r", object.key, 0, 128));
  EXPECT_EQ(Refusal(memory.Find("s", 0, 1), Code::kNotFound),
            "Unable to find shared memory region: 's'");
  EXPECT_EQ(Refusal(memory.Find("r", 128, 0), Code::kInvalidArgument),
            "Invalid offset for shared memory region: 'r'");
  EXPECT_EQ(Refusal(memory.Find("r", 120, 9), Code::kInvalidArgument),
            "Invalid offset + byte size for shared memory region: 'r'");
  EXPECT_EQ(Refusal(memory.Find("r", 1, UINT64_MAX), Code::kInvalidArgument),
            "Invalid offset + byte size for shared memory region: 'r'");
}

TEST(SharedMemoryTest, KeepsWhatIsInUse) {
  const ClientObject object(4096);
  SharedMemory memory(true);
  ASSERT_TRUE(memory.Register("r", object.key, 0, 4096));
  auto part = memory.Find("r", 0, 4096);
  ASSERT_TRUE(memory.Unregister("r"));
  EXPECT_EQ(Refusal(memory.Find("r", 0, 1), Code::kNotFound),
            "Unable to find shared memory region: 'r'");
  std::memset(part->data, 1, part->size);
  // Nobody but the part keeps it mapped, whatever lists threads may still have.
  std::weak_ptr<const SharedMapping> mapping = part->mapping;
  part->mapping.reset();
  EXPECT_TRUE(mapping.expired());
}

TEST(SharedMemoryTest, IsSeenByOtherThreadsAtOnce) {
  const ClientObject object(4096);
  SharedMemory memory(true);
  EXPECT_FALSE(memory.Find("r", 0, 1));
  std::thread([&] { ASSERT_TRUE(memory.Register("r", object.key, 0, 4096)); }).join();
  EXPECT_TRUE(memory.Find("r", 0, 1));
  SharedMemory other(true);
  EXPECT_FALSE(other.Find("r", 0, 1));
}

TEST(SharedMemoryTest, IsClosedUnlessAllowed) {
  const ClientObject object(4096);
  SharedMemory memory(false);
  EXPECT_THAT(Refusal(memory.Register("r", object.key, 0, 4096), Code::kUnavailable),
              testing::HasSubstr("--allow-client-shm"));
  EXPECT_FALSE(memory.Find("r", 0, 1));
  EXPECT_FALSE(memory.Describe(""));
}

}  // namespace
}  // namespace plinth::api::openinference
