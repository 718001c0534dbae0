#include "serving/cache/flight.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::ElementsAre;

class FakeTable final : public Flight::Table {
 public:
  SharedOutputs Keep(const Hash128&, const std::vector<NamedTensor>& outputs) override {
    ++kept;
    return keeps ? std::make_shared<const std::vector<NamedTensor>>(outputs) : nullptr;
  }
  void Drop(Flight& flight) override {
    if (before_drop) before_drop();
    dropped += flight.Retire() ? 1 : 0;
  }

  bool keeps = true;
  std::function<void()> before_drop;
  int kept = 0;
  int dropped = 0;
};

constexpr std::int64_t kMany = 1'000;

class FlightTest : public testing::Test {
 protected:
  // A follower that writes down what it is told; told to lead, it does `as_leader`.
  Flight::Follower Follower(
      std::string name, std::function<void(Lead)> as_leader = [](Lead) {}) {
    return [this, name = std::move(name), as_leader = std::move(as_leader)](Flight::Turn turn) {
      if (const auto* outputs = std::get_if<SharedOutputs>(&turn)) {
        told.push_back(name + ": " + (*outputs)->at(0).name);
      } else if (const auto* error = std::get_if<Error>(&turn)) {
        told.push_back(name + " failed: " + error->message);
      } else {
        told.push_back(name + " leads");
        as_leader(std::move(std::get<Lead>(turn)));
      }
    };
  }

  static std::vector<NamedTensor> Answer() { return {{"y", Tensor()}}; }

  std::vector<std::string> told;
  const std::shared_ptr<FakeTable> table = std::make_shared<FakeTable>();
  const std::shared_ptr<Flight> flight = std::make_shared<Flight>(table, Hash128{});
};

TEST_F(FlightTest, FollowersGetTheAnswer) {
  Lead lead(flight);
  EXPECT_TRUE(flight->Join(Follower("a"), kMany));
  EXPECT_TRUE(flight->Join(Follower("b"), kMany));
  EXPECT_EQ(table->followers, 2);
  EXPECT_THAT(told, ElementsAre());
  lead.Succeed(Answer());
  EXPECT_THAT(told, ElementsAre("a: y", "b: y"));
  EXPECT_EQ(table->followers, 0);
  EXPECT_EQ(table->dropped, 1);
  EXPECT_TRUE(flight->Join(Follower("late"), kMany));
  EXPECT_EQ(told.back(), "late: y");
  lead.Fail({Code::kInternal, "too late"});
  EXPECT_EQ(told.size(), 3u);
}

TEST_F(FlightTest, AnAnswerThatIsNotKeptIsSharedAllTheSame) {
  table->keeps = false;
  Lead lead(flight);
  flight->Join(Follower("a"), kMany);
  lead.Succeed(Answer());
  EXPECT_THAT(told, ElementsAre("a: y"));
}

TEST_F(FlightTest, FollowersGetTheFailure) {
  Lead lead(flight);
  flight->Join(Follower("a"), kMany);
  lead.Fail({Code::kInternal, "broken"});
  flight->Join(Follower("late"), kMany);
  EXPECT_THAT(told, ElementsAre("a failed: broken", "late failed: broken"));
  EXPECT_EQ(table->kept, 0);
  EXPECT_EQ(table->dropped, 1);
}

TEST_F(FlightTest, WhenALeaderGivesUpTheNextInLineLeads) {
  for (const Code code : {Code::kCancelled, Code::kDeadlineExceeded}) {
    told.clear();
    const auto another = std::make_shared<Flight>(table, Hash128{});
    Lead lead(another);
    another->Join(Follower("a", [](Lead next) { next.Succeed(Answer()); }), kMany);
    another->Join(Follower("b"), kMany);
    lead.Fail({code, "gone"});
    EXPECT_THAT(told, ElementsAre("a leads", "b: y"));
  }
}

TEST_F(FlightTest, WhoJoinsAnAbandonedFlightBeforeItIsDroppedLeadsIt) {
  std::optional<Lead> kept;
  table->before_drop = [&] {
    table->before_drop = nullptr;
    EXPECT_TRUE(flight->Join(Follower("a", [&](Lead next) { kept = std::move(next); }), kMany));
  };
  { const Lead lead(flight); }
  EXPECT_EQ(table->dropped, 0);
  EXPECT_TRUE(flight->Join(Follower("b"), kMany));
  kept->Succeed(Answer());
  EXPECT_EQ(table->dropped, 1);
  EXPECT_THAT(told, ElementsAre("a leads", "b: y"));
}

TEST_F(FlightTest, AnAbandonedFlightThatIsDroppedTakesNobody) {
  { const Lead lead(flight); }
  EXPECT_EQ(table->dropped, 1);
  const auto joined = flight->Join(Follower("a"), kMany);
  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error(), Flight::NotJoined::kGone);
  EXPECT_TRUE(told.empty());
}

TEST_F(FlightTest, AThousandWhoGiveUpInTurnTakeNoStack) {
  Lead lead(flight);
  for (int i = 0; i < 100'000; ++i)
    flight->Join([](Flight::Turn) {}, 1'000'000);  // drops its Lead at once
  flight->Join(Follower("last", [](Lead next) { next.Succeed(Answer()); }), 1'000'000);
  lead.Abandon();
  EXPECT_THAT(told, ElementsAre("last leads"));
  EXPECT_EQ(table->followers, 0);
}

TEST_F(FlightTest, WhoWithdrawsIsNotCalled) {
  Lead lead(flight);
  const auto a = flight->Join(Follower("a"), kMany);
  flight->Join(Follower("b"), kMany);
  auto back = flight->Withdraw(*a);
  ASSERT_TRUE(back);
  EXPECT_FALSE(flight->Withdraw(*a));
  lead.Succeed(Answer());
  EXPECT_THAT(told, ElementsAre("b: y"));
  (*back)(Error{Code::kDeadlineExceeded, "withdrawn"});
  EXPECT_EQ(told.back(), "a failed: withdrawn");
}

TEST_F(FlightTest, TooManyAreRefusedAndKeepTheirFollower) {
  Lead lead(flight);
  EXPECT_TRUE(flight->Join(Follower("a"), 1));
  Flight::Follower b = Follower("b");
  EXPECT_EQ(flight->Join(std::move(b), 1).error(), Flight::NotJoined::kFull);
  lead.Succeed(Answer());
  EXPECT_THAT(told, ElementsAre("a: y"));
  // A refused follower is not moved from.
  b(Error{Code::kResourceExhausted, "full"});  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(told.back(), "b failed: full");
  EXPECT_TRUE(flight->Join(Follower("c"), 1));
}

}  // namespace
}  // namespace plinth
