// Versions that the folder of models has: deployed by DeployFound(), removed by RemoveFound().
#include <chrono>
#include <fstream>
#include <thread>

#include "serving/folder_sync.h"
#include "serving/service_fixture.h"

namespace plinth {
namespace {

using testing::HasSubstr;

class FoundTest : public ServiceTest {
 protected:
  FolderModel Found(const std::string& text) {
    std::ofstream(dir_ / "found.testmodel") << text;
    FolderModel found;
    found.spec.name = "m";
    found.spec.path = "found.testmodel";
    return found;
  }
  Result<VersionInfo> DeployFound(FolderModel found) {
    std::promise<Result<VersionInfo>> done;
    service_->DeployFound(std::move(found), [&](auto info) { done.set_value(std::move(info)); });
    return done.get_future().get();
  }
  Status RemoveFound() {
    std::promise<Status> done;
    service_->RemoveFound("m", "v1", [&](auto removed) { done.set_value(std::move(removed)); });
    return done.get_future().get();
  }
  // What "m" multiplies by; 0 if it does not answer.
  float Factor() {
    const auto response = Start(1).get();
    return response ? response->outputs[0].tensor.values<float>()[0] : 0;
  }
  VersionInfo Version() const { return service_->Describe("m")->versions.at(0); }
};

TEST_F(FoundTest, TakesTheNameAtOnceAndReplacesWhatTheFolderHadBefore) {
  ASSERT_TRUE(DeployFound(Found("factor 3\n")));
  EXPECT_EQ(Version().origin, Origin::kFolder);
  EXPECT_TRUE(DeployFound(Found("factor 4\n")));
  EXPECT_EQ(Factor(), 4);
  EXPECT_TRUE(RemoveFound());
  EXPECT_EQ(RemoveFound().error().code, Code::kNotFound);
}

TEST_F(FoundTest, AProblemIsListedAndLeavesWhatWorks) {
  FolderModel bad = Found("");
  bad.problem = Error{Code::kInvalidArgument, "plinth.json is no JSON"};
  EXPECT_EQ(DeployFound(bad).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Version().state, VersionState::kFailed);
  EXPECT_THAT(Version().error, HasSubstr("no JSON"));
  ASSERT_TRUE(DeployFound(Found("factor 3\n")));
  EXPECT_FALSE(DeployFound(bad));
  EXPECT_EQ(Version().state, VersionState::kReady);
  EXPECT_THAT(Version().failed_reload->message, HasSubstr("no JSON"));
}

TEST_F(FoundTest, WhatARequestDeployedStays) {
  ASSERT_TRUE(Deploy("factor 5\n"));
  EXPECT_EQ(DeployFound(Found("factor 3\n")).error().code, Code::kAlreadyExists);
  EXPECT_EQ(RemoveFound().error().code, Code::kFailedPrecondition);
  EXPECT_EQ(Factor(), 5);
}

TEST_F(FoundTest, ARequestReplacesWhatTheFolderHas) {
  ASSERT_TRUE(DeployFound(Found("factor 3\n")));
  ASSERT_TRUE(Deploy("factor 5\n", {}, true));
  EXPECT_EQ(Version().origin, Origin::kApi);
  EXPECT_FALSE(DeployFound(Found("factor 4\n")));
  EXPECT_EQ(Factor(), 5);
}

TEST_F(FoundTest, FilesThatChangeWhileTheyAreLoadedDoNotAnswer) {
  ASSERT_TRUE(DeployFound(Found("factor 3\n")));
  std::promise<Result<VersionInfo>> done;
  service_->DeployFound(Found("factor 4\nload_ms 200\n"),
                        [&](auto info) { done.set_value(std::move(info)); });
  auto loaded = done.get_future();
  while (loaded.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
    std::filesystem::last_write_time(dir_ / "found.testmodel",
                                     std::filesystem::file_time_type::clock::now());
  }
  const auto info = loaded.get();
  ASSERT_FALSE(info);
  EXPECT_THAT(info.error().message, HasSubstr("changed while they were loaded"));
  EXPECT_EQ(Factor(), 3);
  EXPECT_THAT(Version().failed_reload->message, HasSubstr("changed while they were loaded"));
}

TEST_F(FoundTest, NotReadyUntilWhatWasFoundFirstIsLoaded) {
  std::filesystem::create_directories(dir_ / "models" / "m");
  std::ofstream(dir_ / "models" / "m" / "x.testmodel") << "load_ms 300\nfactor 3\n";
  std::ofstream(dir_ / "models" / "m" / "plinth.json") << R"({"engine": "test"})";
  auto hold = service_->HoldReady();
  FolderSync sync(*service_,
                  {.folder = dir_ / "models",
                   .scan = [this] { return ScanModelFolder(dir_ / "models"); },
                   .mode = FolderWatcher::Mode::kOff},
                  hold);
  EXPECT_FALSE(service_->ready());
  hold.reset();
  EXPECT_FALSE(service_->ready());
  for (int i = 0; i < 1000 && !service_->ready(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(service_->ready());
  EXPECT_EQ(Factor(), 3);
}

}  // namespace
}  // namespace plinth
