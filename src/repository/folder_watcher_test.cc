#include "repository/folder_watcher.h"

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "repository/fingerprint.h"

namespace plinth {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Mode = FolderWatcher::Mode;

// Long beside everything that is waited for, short beside a test's patience.
constexpr auto kNever = 1h;
constexpr auto kPatience = 60s;

// Watches `models` in a folder of its own and keeps what each look saw.
class FolderWatcherTest : public testing::Test {
 protected:
  FolderWatcherTest() { fs::create_directory(models()); }

  fs::path models() const { return folder_ / "models"; }

  FolderWatcher::Options InMode(Mode mode) const {
    return {.mode = mode,
            .poll = mode == Mode::kPoll ? 5ms : FolderWatcher::Interval{kNever},
            .gap = 1ms,
            .backstop = kNever};
  }

  std::unique_ptr<FolderWatcher> Watch(FolderWatcher::Options options) {
    auto watcher = std::make_unique<FolderWatcher>(models().string() + "/", options,
                                                   [this](bool asked) { return Look(asked); });
    AwaitLooks(1);
    return watcher;
  }

  std::optional<FolderWatcher::Interval> Look(bool asked) {
    const Fingerprint seen = FingerprintOf(models());
    const std::lock_guard lock(mutex_);
    ++looks_;
    asked_ += asked ? 1 : 0;
    seen_ = seen;
    changed_.notify_all();
    return again_;
  }

  // Whether a look has seen the folder as it is now.
  bool AwaitSeen() {
    const Fingerprint now = FingerprintOf(models());
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return seen_ == now; });
  }
  bool AwaitLooks(int looks) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return looks_ >= looks; });
  }
  int looks() {
    const std::lock_guard lock(mutex_);
    return looks_;
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

  TempFolder folder_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  int looks_ = 0;
  int asked_ = 0;
  Fingerprint seen_;
  std::optional<FolderWatcher::Interval> again_;
};

class ListeningTest : public FolderWatcherTest, public testing::WithParamInterface<Mode> {};

TEST_P(ListeningTest, SeesEveryKindOfChange) {
  const auto watcher = Watch(InMode(GetParam()));
  const auto after = [this](const char* what, auto step) {
    step();
    EXPECT_TRUE(AwaitSeen()) << what;
  };
  after("a new file", [&] { folder_.Write("models/net.onnx"); });
  after("a change", [&] { folder_.Write("models/net.onnx", "longer"); });
  after("a new folder", [&] { folder_.Write("models/deep/1/variables/data"); });
  after("a change below it", [&] { folder_.Write("models/deep/1/variables/data", "longer"); });
  after("a renamed folder", [&] { fs::rename(models() / "deep", models() / "renamed"); });
  after("a change below that", [&] { folder_.Write("models/renamed/1/variables/data", "y"); });
  folder_.Write("outside/2/model.onnx");
  after("a folder moved in", [&] { fs::rename(folder_ / "outside", models() / "moved"); });
  after("a change in it", [&] { folder_.Write("models/moved/2/model.onnx", "longer"); });
  after("a file renamed over another", [&] {
    folder_.Write("models/.net.onnx.tmp", "new");
    fs::rename(models() / ".net.onnx.tmp", models() / "net.onnx");
  });
  after("a removed file", [&] { fs::remove(models() / "net.onnx"); });
  after("a removed folder", [&] { fs::remove_all(models() / "renamed"); });
}

TEST_P(ListeningTest, FollowsLinksToFolders) {
  folder_.Write("releases/1/model.onnx");
  folder_.Write("releases/2/model.onnx");
  folder_.Write("releases/3/model.onnx");
  fs::create_directory_symlink("../releases/1", models() / "..data");
  fs::create_directory_symlink("..data", models() / "net");
  const auto watcher = Watch(InMode(GetParam()));
  const auto flip = [&](const char* to) {
    fs::create_directory_symlink(to, models() / "..data_tmp");
    fs::rename(models() / "..data_tmp", models() / "..data");
  };
  flip("../releases/2");
  EXPECT_TRUE(AwaitSeen());
  folder_.Write("releases/2/model.onnx", "longer");
  EXPECT_TRUE(AwaitSeen());
  flip("../releases/3");
  EXPECT_TRUE(AwaitSeen());
}

TEST_P(ListeningTest, TheFolderMayGoAndComeBack) {
  folder_.Write("models/net.onnx");
  auto options = InMode(GetParam());
  const auto watcher = Watch(options);
  fs::rename(models(), folder_ / "away");
  EXPECT_TRUE(AwaitSeen());
  fs::rename(folder_ / "away", models());
  EXPECT_TRUE(AwaitSeen());
  folder_.Write("models/net.onnx", "longer");
  EXPECT_TRUE(AwaitSeen());
  fs::remove_all(models());
  EXPECT_TRUE(AwaitSeen());
  folder_.Write("models/net.onnx");
  EXPECT_TRUE(AwaitSeen());
}

TEST_P(ListeningTest, MayBeALink) {
  folder_.Write("one/net.onnx");
  folder_.Write("two/net.onnx");
  fs::remove(models());
  fs::create_directory_symlink("one", models());
  const auto watcher = Watch(InMode(GetParam()));
  fs::create_directory_symlink("two", folder_ / "next");
  fs::rename(folder_ / "next", models());
  EXPECT_TRUE(AwaitSeen());
  folder_.Write("two/net.onnx", "longer");
  EXPECT_TRUE(AwaitSeen());
}

INSTANTIATE_TEST_SUITE_P(Modes, ListeningTest, testing::Values(Mode::kAuto, Mode::kPoll),
                         [](const auto& mode) {
                           return mode.param == Mode::kAuto ? "Inotify" : "Polling";
                         });

TEST_F(FolderWatcherTest, ManyChangesLoseNone) {
  const auto watcher = Watch(InMode(Mode::kAuto));
  for (int i = 0; i < 200; ++i) {
    folder_.Write(fmt::format("models/m{}/{}/model", i % 7, i % 5));
    if (i % 11 == 0) fs::remove_all(models() / fmt::format("m{}", i % 7));
    if (i % 20 == 0) {
      EXPECT_TRUE(AwaitSeen());
    }
  }
  EXPECT_TRUE(AwaitSeen());
}

TEST_F(FolderWatcherTest, LooksWhenAskedOnly) {
  const auto watcher = Watch(InMode(Mode::kOff));
  EXPECT_EQ(asked(), 1);
  folder_.Write("models/net.onnx");
  watcher->LookNow();
  EXPECT_TRUE(AwaitSeen());
  EXPECT_EQ(looks(), 2);
  EXPECT_EQ(asked(), 2);
}

TEST_F(FolderWatcherTest, LooksAgainWhenTheLookSaysSo) {
  again_ = 1ms;
  const auto watcher = Watch(InMode(Mode::kOff));
  EXPECT_TRUE(AwaitLooks(10));
}

TEST_F(FolderWatcherTest, LooksForWhatItDoesNotHear) {
  folder_.Write("outside.onnx");
  fs::create_symlink("../outside.onnx", models() / "net.onnx");
  auto options = InMode(Mode::kAuto);
  options.backstop = 5ms;
  const auto watcher = Watch(options);
  folder_.Write("outside.onnx", "longer");
  EXPECT_TRUE(AwaitSeen());
}

TEST_F(FolderWatcherTest, ALookThatThrowsIsNotTheLast) {
  auto options = InMode(Mode::kOff);
  options.poll = 1ms;
  int looks = 0;
  const FolderWatcher watcher(models(), options, [&](bool asked) {
    if (++looks == 1) throw std::runtime_error("no memory");
    return Look(asked);
  });
  EXPECT_TRUE(AwaitLooks(1));
}

}  // namespace
}  // namespace plinth
