// Pipelines and the models that they are made of: which may be, and who waits for whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/pipelines_fixture.h"

namespace plinth {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ServiceMembersTest : public ServicePipelinesTest {
 protected:
  void Found(const std::string& name, const std::filesystem::path& path, bool lazy = false) {
    FolderModel model;
    model.spec.name = name;
    model.spec.path = path;
    model.spec.config.lazy = lazy;
    service_->DeployFound(std::move(model), [](const auto&) {});
  }
  VersionInfo Shown(const std::string& name) {
    const auto model = service_->Describe(name);
    return model ? model->versions[0] : VersionInfo{};
  }
  bool Until(VersionState wanted, const std::string& name = "m") {
    for (int i = 0; i < 500 && Shown(name).state != wanted; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return Shown(name).state == wanted;
  }
  Result<VersionInfo> PipelineAs(const std::string& name, const std::string& json) {
    DeploySpec spec;
    spec.name = name;
    spec.path = Folder(json);
    spec.replace = true;
    return DeploySpecNow(std::move(spec));
  }
};

TEST_F(ServiceMembersTest, OneThatLiesThereWaitsForItsMembers) {
  Found("m", Folder(R"({"steps": ["a", "b"]})"));
  EXPECT_TRUE(Until(VersionState::kFailed));
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  std::ofstream(dir_ / "b.testmodel") << "factor 5\n";
  Found("b", dir_ / "b.testmodel");
  EXPECT_TRUE(Until(VersionState::kReady));
  EXPECT_EQ(Value(Start(1)), 15);
}

TEST_F(ServiceMembersTest, AMemberThatRestsCounts) {
  Found("m", Folder(R"({"steps": ["a"]})"));
  EXPECT_TRUE(Until(VersionState::kFailed));
  std::ofstream(dir_ / "a.testmodel") << "factor 3\n";
  Found("a", dir_ / "a.testmodel", /*lazy=*/true);
  EXPECT_TRUE(Until(VersionState::kReady));
  EXPECT_EQ(Value(Start(1)), 3);
}

TEST_F(ServiceMembersTest, OneThatIsBrokenInItselfIsNotTriedAgain) {
  const auto folder = Folder(R"({"steps": [{"name": "own", "file": "own.testmodel"}]})");
  std::ofstream(folder / "own.testmodel") << "fail_load broken in itself\n";
  Found("m", folder);
  ASSERT_TRUE(Until(VersionState::kFailed));
  std::ofstream(folder / "own.testmodel") << "factor 3\n";  // nobody looks
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  ASSERT_TRUE(DeployAs("b", "factor 3\n"));
  EXPECT_EQ(Shown("m").state, VersionState::kFailed);
  EXPECT_THAT(Shown("m").error, HasSubstr("broken in itself"));
}

TEST_F(ServiceMembersTest, WhatItDoesNotAskWakesNobody) {
  Found("m", Folder(R"({"steps": ["a", "b"]})"));
  ASSERT_TRUE(Until(VersionState::kFailed));
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  for (int i = 0; i < 500 && Shown("m").error.find("'b'") == std::string::npos; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_THAT(Shown("m").error, HasSubstr("'b'"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(DeployAs("other" + std::to_string(i), "factor 3\n"));
  EXPECT_EQ(Shown("m").state, VersionState::kFailed);
  ASSERT_TRUE(DeployAs("b", "factor 5\n"));
  EXPECT_TRUE(Until(VersionState::kReady));
}

TEST_F(ServiceMembersTest, NoneAsksItself) {
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  ASSERT_TRUE(DeployAs("b", "factor 3\n"));
  ASSERT_TRUE(PipelineAs("p", R"({"steps": ["a", "b"]})"));
  ASSERT_TRUE(PipelineAs("q", R"({"steps": ["p"]})"));
  const auto loop = PipelineAs("a", R"({"steps": ["q"]})");
  ASSERT_FALSE(loop);
  EXPECT_EQ(loop.error().code, Code::kInvalidModel);
  EXPECT_THAT(loop.error().message, HasSubstr("would ask itself: a -> q -> p -> a"));
  EXPECT_TRUE(PipelineAs("c", R"({"steps": ["q", "p", {"name": "again", "model": "q"}]})"));
  EXPECT_FALSE(PipelineAs("c", R"({"steps": ["c"]})"));
}

TEST_F(ServiceMembersTest, AChainHasAnEnd) {
  ASSERT_TRUE(DeployAs("p1", "factor 2\n"));
  for (int i = 2; i <= 16; ++i) {
    const std::string before = "p" + std::to_string(i - 1);
    const auto deployed =
        PipelineAs("p" + std::to_string(i), R"({"steps": [")" + before + R"("]})");
    ASSERT_TRUE(deployed) << i << ": " << deployed.error().message;
  }
  auto last = Pipeline(R"({"steps": ["p15"]})");
  ASSERT_TRUE(last) << last.error().message;
  EXPECT_EQ(Value(Start(1)), 2);
  const auto one_more = Pipeline(R"({"steps": ["p16"]})", true);
  ASSERT_FALSE(one_more);
  EXPECT_THAT(one_more.error().message, HasSubstr("'p16' leads over more than 15 others"));
}

// Without knowing what has been seen, 2^14 ways.
TEST_F(ServiceMembersTest, ManyWaysAreOneWalk) {
  ASSERT_TRUE(DeployAs("p1", "factor 2\n"));
  for (int i = 2; i <= 15; ++i) {
    const std::string before = "p" + std::to_string(i - 1);
    ASSERT_TRUE(PipelineAs(
        "p" + std::to_string(i),
        R"({"steps": [")" + before + R"(", {"name": "again", "model": ")" + before + R"("}]})"));
  }
}

TEST_F(ServiceMembersTest, DeclaredOutputsMustBeThere) {
  ASSERT_TRUE(DeployAs("a", "factor 3\n"));
  DeploySpec spec;
  spec.name = "m";
  spec.path = Folder(R"({"steps": ["a"]})");
  spec.config.outputs = {{.name = "y", .dtype = DType::kFp32, .shape = Shape{-1, -1}}};
  EXPECT_TRUE(DeploySpecNow(spec));
  spec.replace = true;
  spec.config.outputs[0].name = "z";
  EXPECT_THAT(DeploySpecNow(spec).error().message,
              AllOf(HasSubstr("declares an output 'z'"), HasSubstr("'y'")));
  spec.config.outputs[0] = {.name = "y", .dtype = DType::kInt64, .shape = Shape{-1, -1}};
  EXPECT_FALSE(DeploySpecNow(spec));
  spec.config.outputs[0] = {.name = "y", .dtype = DType::kFp32, .shape = Shape{-1}};
  EXPECT_FALSE(DeploySpecNow(spec));
}

}  // namespace
}  // namespace plinth
