#include "store/state_store.h"

#include <sys/stat.h>

#include <thread>
#include <vector>

#include <fmt/format.h>

#include "store/sqlite.h"
#include "store/state_testing.h"

namespace plinth {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;
using std::string_literals::operator""s;

TEST_F(StateTest, WhatWasCommittedIsThereAfterReopening) {
  StateChange change = Put("digits", "v1", R"({"path":"a"})");
  change.release.push_back({"digits", R"({"traffic":{"v1":1}})"});
  change.events.push_back({.model = "digits", .version = "v1", .kind = "deployed", .message = "m"});
  ASSERT_TRUE(Succeeded(OpenStore()->Commit(change)));

  const auto store = OpenStore();
  const StoredState state = Loaded(*store);
  EXPECT_THAT(state.versions, ElementsAre(StoredVersion{"digits", "v1", R"({"path":"a"})"}));
  EXPECT_THAT(state.models, ElementsAre(StoredModel{"digits", R"({"traffic":{"v1":1}})"}));
  const auto events = EventsOf(*store, "digits");
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].id, 1);
  EXPECT_GT(events[0].time_ms, 1'700'000'000'000);
  EXPECT_EQ(events[0].version, "v1");
  EXPECT_EQ(events[0].kind, "deployed");
  EXPECT_EQ(events[0].message, "m");
}

TEST_F(StateTest, VersionsComeInTheOrderOfTheirFirstDeployment) {
  const auto store = OpenStore();
  for (const char* version : {"v2", "v1", "v3"}) {
    ASSERT_TRUE(Succeeded(store->Commit(Put("m", version))));
  }
  ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v2", "again"))));
  StateChange removed;
  removed.removed.emplace_back("m", "v1");
  removed.removed.emplace_back("m", "never there");
  ASSERT_TRUE(Succeeded(store->Commit(removed)));
  ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v1"))));
  EXPECT_THAT(Loaded(*store).versions,
              ElementsAre(StoredVersion{"m", "v2", "again"}, StoredVersion{"m", "v3", "{}"},
                          StoredVersion{"m", "v1", "{}"}));
}

TEST_F(StateTest, ARemovalAndAPutOfTheSameInOneChangeLeaveThePut) {
  const auto store = OpenStore();
  ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v1", "old"))));
  StateChange change = Put("m", "v1", "new");
  change.removed.emplace_back("m", "v1");
  ASSERT_TRUE(Succeeded(store->Commit(change)));
  EXPECT_THAT(Loaded(*store).versions, ElementsAre(StoredVersion{"m", "v1", "new"}));
}

TEST_F(StateTest, AReleaseIsReplacedAndForgotten) {
  const auto store = OpenStore();
  ASSERT_TRUE(Succeeded(store->Commit({.release = {{"a", "1"}, {"b", "1"}}})));
  ASSERT_TRUE(Succeeded(store->Commit({.release = {{"b", "2"}}, .forgotten = {"a", "c"}})));
  EXPECT_THAT(Loaded(*store).models, ElementsAre(StoredModel{"b", "2"}));
}

TEST_F(StateTest, AChangeWithABadPartAppliesNothing) {
  const auto store = OpenStore();
  ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v1"))));
  StateChange change = Put("m", "v2");
  change.removed.emplace_back("m", "v1");
  change.release.push_back({"m", "{}"});
  change.events.push_back({.model = "m", .kind = "k"});
  change.events.push_back({.model = "", .kind = "k"});
  EXPECT_THAT(store->Commit(change), Refused(Code::kInvalidArgument, "model"));
  EXPECT_THAT(Loaded(*store).versions, ElementsAre(StoredVersion{"m", "v1", "{}"}));
  EXPECT_THAT(Loaded(*store).models, IsEmpty());
  EXPECT_THAT(EventsOf(*store, "m"), IsEmpty());
  EXPECT_TRUE(Succeeded(store->Commit(Put("m", "v2"))));
}

TEST_F(StateTest, TextsAreKeptToTheByte) {
  const std::string odd = "a\0b'\"; DROP TABLE versions; -- \xff\xfe é"s;
  ASSERT_TRUE(Succeeded(OpenStore()->Commit(Put(odd, odd, odd))));
  EXPECT_THAT(Loaded(*OpenStore()).versions, ElementsAre(StoredVersion{odd, odd, odd}));
}

TEST_F(StateTest, EventsComeInPagesTheNewestFirst) {
  const auto store = OpenStore();
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(Succeeded(store->Commit(Happened("m", std::to_string(i)))));
    ASSERT_TRUE(Succeeded(store->Commit(Happened("other", std::to_string(i)))));
  }
  const auto message = [](const char* text) { return Field(&Event::message, text); };
  const auto first = EventsOf(*store, "m", 2);
  ASSERT_THAT(first, ElementsAre(message("5"), message("4")));
  EXPECT_THAT(EventsOf(*store, "m", 100, first.back().id),
              ElementsAre(message("3"), message("2"), message("1")));
  EXPECT_THAT(EventsOf(*store, "m", 0), IsEmpty());
  EXPECT_THAT(EventsOf(*store, "m", 100, -1), IsEmpty());
  EXPECT_THAT(EventsOf(*store, "unknown"), IsEmpty());
}

TEST_F(StateTest, AModelKeepsItsNewestThousandEvents) {
  const auto store = OpenStore();
  ASSERT_TRUE(Succeeded(store->Commit(Happened("quiet", "stays"))));
  StateChange many;
  for (std::size_t i = 0; i < StateStore::kMaxEventsOfModel; ++i) {
    many.events.push_back({.model = "busy", .kind = "k", .message = std::to_string(i)});
  }
  ASSERT_TRUE(Succeeded(store->Commit(many)));
  ASSERT_TRUE(Succeeded(store->Commit(Happened("busy", "last"))));
  const auto events = EventsOf(*store, "busy", 5'000);
  ASSERT_THAT(events, SizeIs(StateStore::kMaxEventsOfModel));
  EXPECT_EQ(events.front().message, "last");
  EXPECT_EQ(events.back().message, "1");
  EXPECT_THAT(EventsOf(*store, "quiet"), SizeIs(1));
}

TEST_F(StateTest, TheOldestEventsOfAllGoFirst) {
  const auto store = StateStore::InMemory();
  constexpr std::size_t kModels = StateStore::kMaxEvents / StateStore::kMaxEventsOfModel;
  for (std::size_t model = 0; model <= kModels; ++model) {
    StateChange change;
    for (std::size_t i = 0; i < StateStore::kMaxEventsOfModel; ++i) {
      change.events.push_back({.model = fmt::format("m{}", model), .kind = "k"});
    }
    ASSERT_TRUE(Succeeded(store->Commit(change)));
  }
  EXPECT_THAT(EventsOf(*store, "m0", 5'000), IsEmpty());
  EXPECT_THAT(EventsOf(*store, "m1", 5'000), SizeIs(StateStore::kMaxEventsOfModel));
  ASSERT_TRUE(Succeeded(store->Commit(Happened("one more", ""))));
  EXPECT_THAT(EventsOf(*store, "m1", 5'000), SizeIs(StateStore::kMaxEventsOfModel - 1));
  EXPECT_THAT(EventsOf(*store, "m2", 5'000), SizeIs(StateStore::kMaxEventsOfModel));
}

TEST_F(StateTest, ALongMessageIsCutBetweenCharacters) {
  const auto store = OpenStore();
  std::string message = "x";
  while (message.size() <= StateStore::kMaxEventMessage) message += "é";
  ASSERT_TRUE(Succeeded(store->Commit(Happened("m", message))));
  EXPECT_EQ(EventsOf(*store, "m")[0].message, message.substr(0, StateStore::kMaxEventMessage - 1));
}

TEST_F(StateTest, ManyThreadsCommitAtOnce) {
  const auto store = OpenStore();
  constexpr int kThreads = 8;
  constexpr int kChanges = 20;
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < kChanges; ++i) {
        StateChange change = Put(fmt::format("m{}", t), fmt::format("v{}", i));
        change.events.push_back({.model = fmt::format("m{}", t), .kind = "k"});
        EXPECT_TRUE(Succeeded(store->Commit(change)));
        EXPECT_THAT(EventsOf(*store, fmt::format("m{}", t)), SizeIs(i + 1));
      }
    });
  }
  threads.clear();
  EXPECT_THAT(Loaded(*store).versions, SizeIs(kThreads * kChanges));
}

TEST_F(StateTest, InMemoryWorksTheSameAndLeavesNothing) {
  const auto store = StateStore::InMemory();
  EXPECT_FALSE(store->read_only());
  EXPECT_EQ(store->path(), "");
  ASSERT_TRUE(Succeeded(store->Commit(Put("m", "v1"))));
  EXPECT_THAT(Loaded(*store).versions, SizeIs(1));
  EXPECT_THAT(Loaded(*StateStore::InMemory()).versions, IsEmpty());
}

TEST_F(StateTest, TheFileIsMadeInAFolderForThisUserAlone) {
  path = (folder / "a" / "b" / "state.db").string();
  const auto store = OpenStore();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->path(), std::filesystem::canonical(path).string());
  const auto mode_of = [](const std::string& file) {
    struct stat found {};
    EXPECT_EQ(::stat(file.c_str(), &found), 0);
    return found.st_mode & 0777;
  };
  EXPECT_NE(mode_of(folder / "a"), 0700);
  EXPECT_EQ(mode_of(folder / "a" / "b"), 0700);
  EXPECT_EQ(mode_of(path), 0600);
}

TEST_F(StateTest, APathWithAMeaningToSqliteIsAPath) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  for (const char* odd : {":memory:", "file:x?mode=memory"}) {
    auto store = StateStore::Open(odd);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / odd));
  }
  std::filesystem::current_path(before);
}

TEST_F(StateTest, AFileOfANewerPlinthIsRefusedAndLeftAsItIs) {
  ASSERT_TRUE(Succeeded(OpenStore()->Commit(Put("m", "v1"))));
  {
    auto database = sqlite::Database::Open(path, false);
    ASSERT_TRUE(database.has_value());
    ASSERT_TRUE(Succeeded((*database)->Execute("PRAGMA user_version = 99")));
  }
  EXPECT_THAT(StateStore::Open(path),
              Refused(Code::kFailedPrecondition, "newer Plinth (format 99"));
}

TEST_F(StateTest, ADatabaseOfAnotherProgramIsRefused) {
  {
    auto database = sqlite::Database::Open(path, false);
    ASSERT_TRUE(database.has_value());
    ASSERT_TRUE(Succeeded((*database)->Execute("CREATE TABLE theirs (x)")));
  }
  EXPECT_THAT(StateStore::Open(path),
              Refused(Code::kFailedPrecondition, "is not a state file of Plinth"));
}

TEST_F(StateTest, WhatIsNoFileIsRefused) {
  EXPECT_THAT(StateStore::Open(folder.string()), Refused(Code::kFailedPrecondition, "not a file"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(StateStore::Open(folder / "pipe"), Refused(Code::kFailedPrecondition, "not a file"));
}

TEST_F(StateTest, AFolderThatCannotBeMadeIsRefused) {
  std::ofstream(folder / "file") << "x";
  EXPECT_THAT(StateStore::Open(folder / "file" / "state.db"),
              Refused(Code::kPermissionDenied, "cannot be made"));
}

}  // namespace
}  // namespace plinth
