#include "repository/folder_ledger.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kSettle = 300ms;

// A folder of versions "model/version" with a number for what is in their files.
class FolderLedgerTest : public testing::Test {
 protected:
  using Names = std::vector<std::string>;

  void Put(const std::string& name, std::uint64_t files) { folder_[name] = files; }
  void Take(const std::string& name) { folder_.erase(name); }

  void Look(bool at_once = false) {
    ModelFolder folder;
    for (const auto& [name, files] : folder_) {
      FolderModel model;
      model.spec.name = name.substr(0, name.find('/'));
      model.spec.version = name.substr(name.find('/') + 1);
      model.fingerprint = {files, files};
      if (!unreadable_.contains(model.spec.name)) folder.models.push_back(std::move(model));
    }
    folder.unreadable.assign(unreadable_.begin(), unreadable_.end());
    changes_ = ledger_.Update(std::move(folder), now_, at_once, [this](const FolderModel& model) {
      return written_.contains(model.spec.name + "/" + model.spec.version);
    });
  }
  void LookAfter(std::chrono::milliseconds time, bool at_once = false) {
    now_ += time;
    Look(at_once);
  }

  Names deployed() const {
    Names names;
    for (const FolderModel& model : changes_.deploy)
      names.push_back(model.spec.name + "/" + model.spec.version);
    return names;
  }
  Names removed() const {
    Names names;
    for (const auto& key : changes_.remove) names.push_back(key.model + "/" + key.version);
    return names;
  }
  bool quiet() const { return changes_.deploy.empty() && changes_.remove.empty(); }

  void End(const std::string& name, bool again = false) {
    ledger_.Ended({name.substr(0, name.find('/')), name.substr(name.find('/') + 1)}, again);
  }
  // Puts it there and has it deployed.
  void Settle(const std::string& name, std::uint64_t files = 1) {
    Put(name, files);
    Look(true);
    End(name);
  }

  FolderLedger ledger_{kSettle};
  FolderLedger::Time now_;
  std::map<std::string, std::uint64_t> folder_;
  std::set<std::string> written_;
  std::set<std::string> unreadable_;
  FolderLedger::Changes changes_;
};

TEST_F(FolderLedgerTest, AtStartAllIsDeployedAtOnce) {
  Put("a/v1", 1);
  Put("b/1", 2);
  Put("b/2", 3);
  Look(true);
  EXPECT_THAT(deployed(), ElementsAre("a/v1", "b/1", "b/2"));
  EXPECT_FALSE(changes_.unsettled);
  LookAfter(1h);
  EXPECT_TRUE(quiet());
}

TEST_F(FolderLedgerTest, AChangeIsDeployedWhenItHasSettled) {
  Settle("a/v1");
  Put("a/v1", 2);
  LookAfter(0ms);
  EXPECT_TRUE(quiet());
  EXPECT_TRUE(changes_.unsettled);
  LookAfter(kSettle - 1ms);
  EXPECT_TRUE(quiet());
  Put("a/v1", 3);
  LookAfter(2ms);
  EXPECT_TRUE(quiet()) << "it has changed again";
  LookAfter(kSettle);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
  End("a/v1");
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  EXPECT_FALSE(changes_.unsettled);
}

TEST_F(FolderLedgerTest, WhatChangesAndChangesBackIsLeftAlone) {
  Settle("a/v1", 1);
  Put("a/v1", 2);
  Look();
  Put("a/v1", 1);
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  EXPECT_FALSE(changes_.unsettled);
}

TEST_F(FolderLedgerTest, OneThatKeepsChangingHoldsUpNoOther) {
  for (std::uint64_t i = 0; i < 4; ++i) {
    Put("slow/v1", i);
    Put("a/v1", 1);
    LookAfter(100ms);
  }
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
  EXPECT_TRUE(changes_.unsettled);
}

TEST_F(FolderLedgerTest, WhatIsBeingWrittenWaits) {
  Put("a/v1", 1);
  written_ = {"a/v1"};
  Look(true);
  EXPECT_TRUE(quiet());
  EXPECT_TRUE(changes_.unsettled);
  LookAfter(30s);
  EXPECT_TRUE(quiet());
  written_.clear();
  LookAfter(1ms);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, AWriterThatDoesNotWriteIsWaitedForOnlySoLong) {
  Put("a/v1", 1);
  written_ = {"a/v1"};
  Look();
  LookAfter(60s);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatChangesWhileItIsLoadedIsLoadedAgain) {
  Put("a/v1", 1);
  Look(true);
  Put("a/v1", 2);
  LookAfter(kSettle);
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  EXPECT_TRUE(changes_.unsettled);
  End("a/v1");
  LookAfter(0ms);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatCouldNotBeTriedIsTriedAgain) {
  Put("a/v1", 1);
  Look(true);
  End("a/v1", true);
  LookAfter(kSettle);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatIsGoneIsRemovedWhenThatHasSettled) {
  Settle("a/v1");
  Take("a/v1");
  LookAfter(0ms);
  EXPECT_TRUE(quiet());
  EXPECT_TRUE(changes_.unsettled);
  LookAfter(kSettle);
  EXPECT_THAT(removed(), ElementsAre("a/v1"));
  End("a/v1");
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  EXPECT_FALSE(changes_.unsettled);
  Settle("a/v1");
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatCouldNotBeRemovedIsRemovedLater) {
  Settle("a/v1");
  Take("a/v1");
  Look(true);
  EXPECT_THAT(removed(), ElementsAre("a/v1"));
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  End("a/v1", true);
  LookAfter(kSettle);
  EXPECT_THAT(removed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatComesBackWhileItIsRemovedIsDeployedThen) {
  Settle("a/v1", 1);
  Take("a/v1");
  Look(true);
  Put("a/v1", 1);
  LookAfter(0ms);
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  EXPECT_TRUE(changes_.unsettled);
  End("a/v1");
  LookAfter(0ms);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatIsReplacedByMovingStays) {
  Settle("a/v1", 1);
  Take("a/v1");
  LookAfter(0ms);
  Put("a/v1", 2);
  LookAfter(1ms);
  EXPECT_TRUE(quiet());
  LookAfter(kSettle);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
  EXPECT_THAT(removed(), IsEmpty());
}

TEST_F(FolderLedgerTest, WhatCameAndWentIsForgotten) {
  Put("a/v1", 1);
  Look();
  Take("a/v1");
  LookAfter(kSettle);
  EXPECT_TRUE(quiet());
  EXPECT_FALSE(changes_.unsettled);
}

TEST_F(FolderLedgerTest, ARenamedVersionGoesWhenItsSuccessorIsLoaded) {
  Settle("a/1");
  Settle("b/1");
  Take("a/1");
  Take("b/1");
  Put("a/2", 1);
  LookAfter(0ms);
  LookAfter(kSettle);
  EXPECT_THAT(deployed(), ElementsAre("a/2"));
  EXPECT_THAT(removed(), ElementsAre("b/1"));
  EXPECT_TRUE(changes_.unsettled);
  LookAfter(1h);
  EXPECT_TRUE(quiet());
  End("a/2");
  LookAfter(0ms);
  EXPECT_THAT(removed(), ElementsAre("a/1"));
}

TEST_F(FolderLedgerTest, WhatGoesWhileItIsLoadedIsRemovedThen) {
  Put("a/v1", 1);
  Look(true);
  Take("a/v1");
  Look();
  LookAfter(1h);
  EXPECT_TRUE(quiet());
  EXPECT_TRUE(changes_.unsettled);
  End("a/v1");
  LookAfter(0ms);
  EXPECT_THAT(removed(), ElementsAre("a/v1"));
}

TEST_F(FolderLedgerTest, WhatCannotBeReadIsNotGone) {
  Settle("a/1");
  Settle("b/1");
  unreadable_ = {"a"};
  LookAfter(0ms);
  LookAfter(1h);
  EXPECT_TRUE(quiet());
  Take("a/1");
  unreadable_.clear();
  LookAfter(0ms);
  LookAfter(kSettle);
  EXPECT_THAT(removed(), ElementsAre("a/1"));
}

TEST_F(FolderLedgerTest, AskedForNothingWaits) {
  Settle("a/v1", 1);
  Settle("b/v1", 1);
  Put("a/v1", 2);
  Take("b/v1");
  LookAfter(0ms, true);
  EXPECT_THAT(deployed(), ElementsAre("a/v1"));
  EXPECT_THAT(removed(), ElementsAre("b/v1"));
}

}  // namespace
}  // namespace plinth
