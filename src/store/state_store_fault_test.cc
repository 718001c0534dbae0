// What may go wrong outside: files that are damaged, locked or read-only, disks that are full,
// processes that are killed.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "store/state_store.h"
#include "store/state_testing.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uid_t kNobody = 65534;

// The exit status of `work`, run in a process of its own, where failed expectations give 1.
int InChild(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void LimitFileSize(rlim_t bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

class StateFaultTest : public StateTest {
 protected:
  std::string Bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Overwrite(const std::string& bytes) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  // A file of several pages.
  void Fill() const {
    const auto store = OpenStore();
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(
          Succeeded(store->Commit(Put("m", fmt::format("v{}", i), std::string(2'000, 'x')))));
    }
  }
};

TEST_F(StateFaultTest, AFullDiskRefusesChangesAndLetsThemInAgain) {
  EXPECT_EQ(0, InChild([&] {
              const auto store = OpenStore();
              ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v1"))));
              LimitFileSize(std::filesystem::file_size(path));
              StateChange change = Put("m", "v2", std::string(100'000, 'x'));
              change.removed.emplace_back("m", "v1");
              for (int i = 0; i < 3; ++i) {
                EXPECT_THAT(store->Commit(change),
                            Refused(Code::kUnavailable, "nothing was changed"));
                EXPECT_THAT(Loaded(*store).versions, ElementsAre(StoredVersion{"m", "v1", "{}"}));
              }
              LimitFileSize(RLIM_INFINITY);
              EXPECT_TRUE(Succeeded(store->Commit(change)));
              EXPECT_THAT(Loaded(*store).versions, SizeIs(1));
            }));
  EXPECT_EQ(Loaded(*OpenStore()).versions.at(0).version, "v2");
}

// The limit meets every write of a change once: to the journal, to the file, to its end.
TEST_F(StateFaultTest, ADiskThatIsFullAtAnyPointLeavesAWholeState) {
  Fill();
  const std::string before = Bytes();
  for (rlim_t limit = 0; limit < 2 * before.size(); limit += 3'000) {
    Overwrite(before);
    const int failed = InChild([&] {
      const auto store = OpenStore();
      StateChange change = Put("m", "new", std::string(9'000, 'y'));
      for (int i = 0; i < 20; ++i) change.removed.emplace_back("m", fmt::format("v{}", i));
      LimitFileSize(limit);
      const Status done = store->Commit(change);
      LimitFileSize(RLIM_INFINITY);
      EXPECT_THAT(Loaded(*store).versions, SizeIs(done ? 1 : 20)) << limit;
      EXPECT_TRUE(Succeeded(store->Commit(Put("m", "after"))));
    });
    EXPECT_EQ(failed, 0) << limit;
    const std::size_t kept = Loaded(*OpenStore()).versions.size();
    EXPECT_TRUE(kept == 2 || kept == 21) << kept << " with a limit of " << limit;
  }
}

TEST_F(StateFaultTest, NoSpaceToMakeTheFileIsSaid) {
  EXPECT_EQ(0, InChild([&] {
              LimitFileSize(100);
              EXPECT_THAT(StateStore::Open(path), Refused(Code::kUnavailable, "cannot be written"));
              LimitFileSize(RLIM_INFINITY);
              EXPECT_TRUE(Succeeded(OpenStore()->Commit(Put("m", "v1"))));
            }));
}

TEST_F(StateFaultTest, GarbageIsRefusedAndLeftAsItIs) {
  for (const std::string& bytes : {std::string(10, 'x'), std::string(50'000, 'x'),
                                   std::string("SQLite format 3"), std::string(4'096, '\0')}) {
    Overwrite(bytes);
    EXPECT_THAT(StateStore::Open(path), Refused(Code::kFailedPrecondition, path)) << bytes.size();
    EXPECT_EQ(Bytes(), bytes);
  }
}

TEST_F(StateFaultTest, ATruncatedFileIsRefused) {
  Fill();
  const std::string whole = Bytes();
  // SQLite takes a file of one byte for an empty one.
  for (std::size_t size = 2; size < whole.size(); size += whole.size() / 16) {
    Overwrite(whole.substr(0, size));
    EXPECT_THAT(StateStore::Open(path), Refused(Code::kFailedPrecondition, path)) << size;
  }
  Overwrite(whole);
  EXPECT_THAT(Loaded(*OpenStore()).versions, SizeIs(20));
}

TEST_F(StateFaultTest, AFileWithChangedBytesNeverCrashes) {
  Fill();
  const std::string whole = Bytes();
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 20; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    Overwrite(bytes);
    auto store = StateStore::Open(path);
    refused += store ? 0 : 1;
    if (!store) continue;
    [[maybe_unused]] const auto state = (*store)->Load();
    [[maybe_unused]] const auto done = (*store)->Commit(Put("m", "v1"));
  }
  EXPECT_GT(refused, 50);
}

TEST_F(StateFaultTest, AnotherProcessIsToldThatTheFileIsInUse) {
  const auto store = OpenStore();
  EXPECT_EQ(0, InChild([&] {
              EXPECT_THAT(StateStore::Open(path),
                          Refused(Code::kUnavailable, "in use by another process"));
            }));
  EXPECT_THAT(StateStore::Open(path), Refused(Code::kUnavailable, "in use"));
  EXPECT_TRUE(Succeeded(store->Commit(Put("m", "v1"))));
}

TEST_F(StateFaultTest, AFileThatIsMovedAwayTakesNoMoreChanges) {
  const auto store = OpenStore();
  ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v1"))));
  std::filesystem::rename(path, path + ".old");
  EXPECT_THAT(store->Commit(Put("m", "v2")),
              Refused(Code::kFailedPrecondition, "moved or deleted"));
  std::filesystem::rename(path + ".old", path);
  EXPECT_TRUE(Succeeded(store->Commit(Put("m", "v2"))));
}

// As a user whom modes bind.
class ReadOnlyTest : public StateFaultTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become another user";
    ASSERT_TRUE(Succeeded(OpenStore()->Commit(Put("m", "v1"))));
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
  }

  int AsNobody(const std::function<void()>& work) {
    return InChild([&] {
      ASSERT_EQ(::setuid(kNobody), 0);
      work();
    });
  }

  void ExpectReadOnly() {
    EXPECT_EQ(0, AsNobody([&] {
                const auto store = OpenStore();
                ASSERT_NE(store, nullptr);
                EXPECT_TRUE(store->read_only());
                EXPECT_THAT(Loaded(*store).versions, SizeIs(1));
                EXPECT_THAT(store->Commit(Put("m", "v2")),
                            Refused(Code::kFailedPrecondition, "read-only"));
                EXPECT_TRUE(Succeeded(store->Commit({})));
                EXPECT_THAT(Loaded(*store).versions, SizeIs(1));
                EXPECT_THAT(EventsOf(*store, "m"), IsEmpty());
              }));
  }
};

TEST_F(ReadOnlyTest, AReadOnlyFileIsReadAndNotWritten) {
  std::filesystem::permissions(folder, std::filesystem::perms(0777));
  std::filesystem::permissions(path, std::filesystem::perms(0444));
  ExpectReadOnly();
}

TEST_F(ReadOnlyTest, AReadOnlyFolderMakesItsFileReadOnly) {
  std::filesystem::permissions(path, std::filesystem::perms(0666));
  ExpectReadOnly();
}

TEST_F(ReadOnlyTest, AFileThatCannotBeReadIsRefused) {
  EXPECT_EQ(0, AsNobody([&] {
              EXPECT_THAT(StateStore::Open(path),
                          Refused(Code::kFailedPrecondition, "cannot be read"));
            }));
}

TEST_F(ReadOnlyTest, AnEmptyFileThatCannotBeWrittenIsRefused) {
  Overwrite("");
  std::filesystem::permissions(path, std::filesystem::perms(0444));
  EXPECT_EQ(0, AsNobody([&] {
              EXPECT_THAT(StateStore::Open(path), Refused(Code::kFailedPrecondition, "is empty"));
            }));
}

TEST_F(ReadOnlyTest, AFileThatMayNotBeMadeIsRefused) {
  EXPECT_EQ(0, AsNobody([&] {
              EXPECT_THAT(StateStore::Open(folder / "x" / "state.db"),
                          Refused(Code::kPermissionDenied, "cannot be made"));
            }));
}

// Of one page, or of several.
std::string SpecOf(int number) {
  return std::string(static_cast<std::size_t>(number % 7) * 1'500, 'x');
}

// A process that commits change after change and says the number of each once it is acknowledged.
// Change n puts version n of "m" and takes version n - 5 out, with an event and the release.
class Writer {
 public:
  Writer(const std::string& path, int first) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) Write(path, first, ends[1]);
    ::close(ends[1]);
    pipe_ = ends[0];
  }

  // Kills it and gives the number of the last change that was acknowledged, or `none`.
  int Kill(int none) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    int last = none;
    for (int number = 0; ::read(pipe_, &number, sizeof(number)) == sizeof(number);) last = number;
    ::close(pipe_);
    return last;
  }

 private:
  [[noreturn]] static void Write(const std::string& path, int first, int pipe) {
    auto store = StateStore::Open(path);
    for (int n = first; store; ++n) {
      StateChange change = Put("m", std::to_string(n), SpecOf(n));
      change.removed.emplace_back("m", std::to_string(n - 5));
      change.release.push_back({"m", std::to_string(n)});
      change.events.push_back({.model = "m", .kind = "k", .message = std::to_string(n)});
      if (!(*store)->Commit(change)) break;
      if (::write(pipe, &n, sizeof(n)) != sizeof(n)) break;
    }
    ::_exit(1);
  }

  pid_t child_ = -1;
  int pipe_ = -1;
};

TEST_F(StateFaultTest, AKilledWriterLosesNothingThatItAcknowledged) {
  constexpr int kLives = 100;
  std::mt19937 random(std::random_device{}());
  int last = 0;
  for (int life = 0; life < kLives; ++life) {
    Writer writer(path, last + 1);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 25'000));
    const int acknowledged = writer.Kill(last);

    const auto store = OpenStore();
    ASSERT_NE(store, nullptr) << "life " << life;
    const StoredState state = Loaded(*store);
    const int kept = state.models.empty() ? 0 : std::stoi(state.models[0].release);
    // What was under way when the process was killed may be there, as a whole.
    ASSERT_TRUE(kept == acknowledged || kept == acknowledged + 1) << kept << " " << acknowledged;
    ASSERT_THAT(state.versions, SizeIs(std::min(kept, 5)));
    for (const StoredVersion& version : state.versions) {
      const int number = std::stoi(version.version);
      ASSERT_GT(number, kept - 5);
      ASSERT_LE(number, kept);
      ASSERT_EQ(version.spec, SpecOf(number));
    }
    if (kept > 0) {
      ASSERT_EQ(EventsOf(*store, "m").at(0).message, std::to_string(kept));
    }
    last = kept;
  }
  EXPECT_GT(last, 0);
}

}  // namespace
}  // namespace plinth
