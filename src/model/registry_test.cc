#include "model/registry.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth {
namespace {

using testing::HasSubstr;

// Models of the test backend, which aborts the process if it is unloaded under a call.
class RegistryTest : public testing::Test {
 public:
  RegistryTest() : backends_({std::string(PLINTH_BINARY_DIR) + "/tests/backends"}) {
    dir_ = std::filesystem::temp_directory_path() / ("plinth-registry-" + std::to_string(getpid()));
    std::filesystem::create_directories(dir_);
  }
  ~RegistryTest() override { std::filesystem::remove_all(dir_); }

 protected:
  std::string ModelFile(const std::string& text) {
    const auto file = dir_ / (std::to_string(++files_) + ".testmodel");
    std::ofstream(file) << text;
    return file;
  }

  std::shared_ptr<ModelVersion> Make(const std::string& name, const std::string& version,
                                     std::int64_t instances = 0) {
    DeploySpec spec;
    spec.config.instances = {instances, instances};
    spec.name = name;
    spec.version = version;
    return std::make_shared<ModelVersion>(std::move(spec),
                                          [this](std::unique_ptr<LoadedModel> model) {
                                            model.reset();
                                            ++unloaded_;
                                          });
  }

  Status Load(ModelVersion& version, const std::string& text = "") {
    const auto backend = backends_.Get("test");
    if (!backend) return Fail(backend.error());
    return version.Load(**backend, "test", ModelFile(text));
  }

  std::shared_ptr<ModelVersion> Deploy(const std::string& name, const std::string& version,
                                       bool replace = false) {
    auto made = Make(name, version);
    EXPECT_TRUE(registry_.Reserve(made, replace));
    EXPECT_TRUE(Load(*made));
    if (const auto old = registry_.Publish(made)) old->Retire();
    return made;
  }

  void Remove(const std::string& name, const std::string& version) {
    const auto removed = registry_.Remove(name, version);
    ASSERT_TRUE(removed);
    for (const auto& v : *removed) v->Retire();
  }

  std::filesystem::path dir_;
  std::atomic<int> files_ = 0;
  std::atomic<int> unloaded_ = 0;
  BackendSet backends_;
  Registry registry_;
};

TEST_F(RegistryTest, TheNewestReadyVersionAnswers) {
  Deploy("m", "v2");
  Deploy("m", "v10");
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v10");
  EXPECT_EQ((*registry_.Resolve("m", "v2"))->version(), "v2");
  const auto loading = Make("m", "v11");
  ASSERT_TRUE(registry_.Reserve(loading, false));
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v10");
  const auto refused = registry_.Resolve("m", "v11");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_EQ(registry_.Resolve("m", "v3").error().code, Code::kNotFound);
  EXPECT_THAT(registry_.Resolve("m", "v3").error().message, HasSubstr("v2, v10"));
  EXPECT_EQ(registry_.Resolve("n", "").error().code, Code::kNotFound);
}

TEST_F(RegistryTest, ANameIsTakenFromTheMomentItLoads) {
  const auto first = Make("m", "v1");
  ASSERT_TRUE(registry_.Reserve(first, false));
  EXPECT_EQ(registry_.Reserve(Make("m", "v1"), false).error().code, Code::kAlreadyExists);
  EXPECT_TRUE(registry_.Reserve(Make("m", "v2"), false));
}

TEST_F(RegistryTest, AFailedVersionShowsWhyAndFreesItsName) {
  const auto bad = Make("m", "v1");
  ASSERT_TRUE(registry_.Reserve(bad, false));
  EXPECT_EQ(Load(*bad, "fail_load weights are missing\n").error().code, Code::kInvalidModel);
  registry_.Abandon(bad);
  const auto info = registry_.Describe("m");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->versions[0].state, VersionState::kFailed);
  EXPECT_EQ(info->versions[0].error, "weights are missing");
  EXPECT_THAT(registry_.Resolve("m", "").error().message, HasSubstr("weights are missing"));
  Deploy("m", "v1");
  EXPECT_TRUE(registry_.Resolve("m", "v1"));
}

TEST_F(RegistryTest, AReplacementThatFailsLeavesTheOldOne) {
  const auto old = Deploy("m", "v1");
  const auto bad = Make("m", "v1");
  ASSERT_TRUE(registry_.Reserve(bad, true));
  EXPECT_EQ(registry_.Reserve(Make("m", "v1"), true).error().code, Code::kAlreadyExists);
  EXPECT_EQ(&**registry_.Resolve("m", "v1"), old.get());
  EXPECT_FALSE(Load(*bad, "fail_load no\n"));
  registry_.Abandon(bad);
  EXPECT_EQ(&**registry_.Resolve("m", "v1"), old.get());
  EXPECT_NE(Deploy("m", "v1", true), old);
  EXPECT_EQ(old->state(), VersionState::kUnloaded);
}

TEST_F(RegistryTest, AVersionIsUnloadedWhenItsLastLeaseIsGone) {
  Deploy("m", "v1");
  auto lease = registry_.Resolve("m", "v1");
  auto copy = *lease;
  Remove("m", "");
  EXPECT_EQ(copy->state(), VersionState::kDraining);
  EXPECT_FALSE(registry_.Resolve("m", "v1"));
  lease = Fail(Code::kInternal, "");
  EXPECT_EQ(unloaded_, 0);
  copy = VersionLease();
  EXPECT_EQ(unloaded_, 1);
}

TEST_F(RegistryTest, OutputsKeepTheirModelLoaded) {
  Deploy("m", "v1");
  std::vector<NamedTensor> outputs;
  {
    const auto lease = registry_.Resolve("m", "v1");
    auto x = Tensor::Allocate(DType::kFp32, {1, 2});
    x->mutable_values<float>()[0] = 1;
    x->mutable_values<float>()[1] = -3;
    auto result = (*lease)->Execute(std::vector<NamedTensor>{{"x", *x}}, {});
    ASSERT_TRUE(result);
    outputs = std::move(*result);
  }
  Remove("m", "v1");
  EXPECT_EQ(unloaded_, 0);
  EXPECT_EQ(outputs[0].tensor.values<float>()[1], -6.0f);
  outputs.clear();
  EXPECT_EQ(unloaded_, 1);
}

TEST_F(RegistryTest, RemovedWhileLoadingIsNotPublished) {
  const auto loading = Make("m", "v1");
  ASSERT_TRUE(registry_.Reserve(loading, false));
  ASSERT_TRUE(registry_.Remove("m", "v1"));
  ASSERT_TRUE(Load(*loading));
  const auto returned = registry_.Publish(loading);
  ASSERT_EQ(returned, loading);
  returned->Retire();
  EXPECT_EQ(unloaded_, 1);
  EXPECT_EQ(registry_.Resolve("m", "").error().code, Code::kNotFound);
}

TEST_F(RegistryTest, WrongOutputsOfABackendAreErrors) {
  for (const char* kind : {"rank", "type", "size"}) {
    auto version = Make("m", "v1");
    ASSERT_TRUE(Load(*version, std::string("bad_output ") + kind + "\n"));
    version->Open();
    {
      const auto lease = version->TryAcquire();
      const auto x = Tensor::Allocate(DType::kFp32, {1, 1});
      const auto outputs = (*lease)->Execute(std::vector<NamedTensor>{{"x", *x}}, {});
      ASSERT_FALSE(outputs) << kind;
      EXPECT_EQ(outputs.error().code, Code::kInternal) << kind;
    }
    version->Retire();
  }
  EXPECT_EQ(unloaded_, 3);
}

std::vector<NamedTensor> One() {
  Tensor x = Tensor::Allocate(DType::kFp32, {1, 1}).value();
  x.mutable_values<float>()[0] = 1;
  return {{"x", x}};
}

TEST_F(RegistryTest, LoadsACopyForEachInstanceWhereTheBackendTakesOneCall) {
  const auto copies = [this](const std::string& text, std::int64_t instances) {
    const auto version = Make("m", "v1", instances);
    EXPECT_TRUE(Load(*version, text));
    EXPECT_EQ(version->Info().warnings.size(), version->copies() > 1 ? 1u : 0u);
    version->Open();
    version->Retire();
    return version->copies();
  };
  EXPECT_EQ(copies("concurrent 0\n", 0), 1u);
  EXPECT_EQ(copies("concurrent 0\n", 3), 3u);
  EXPECT_EQ(copies("concurrent 0\n", 1000), 64u);
  EXPECT_EQ(copies("concurrent 1\n", 3), 1u);
  EXPECT_EQ(unloaded_, 1 + 3 + 64 + 1);
}

TEST_F(RegistryTest, CopiesRunAtOnce) {
  const auto version = Make("m", "v1", 2);
  // Each fails a second call at once; long enough for the two to meet.
  ASSERT_TRUE(Load(*version, "concurrent 0\ndelay_ms 50\n"));
  EXPECT_THAT(version->Info().warnings[0], HasSubstr("in memory 2 times"));
  version->Open();
  {
    const auto lease = version->TryAcquire();
    const std::vector<NamedTensor> x = One();
    Result<std::vector<NamedTensor>> other;
    std::thread thread([&] { other = (*lease)->Execute(x, {}, {.copy = 1}); });
    const auto outputs = (*lease)->Execute(x, {}, {.copy = 0});
    thread.join();
    EXPECT_TRUE(outputs) << outputs.error().message;
    EXPECT_TRUE(other) << other.error().message;
  }
  version->Retire();
}

TEST_F(RegistryTest, ACancelledCallEndsEarly) {
  const auto version = Make("m", "v1");
  ASSERT_TRUE(Load(*version, "delay_ms 3600000\n"));
  version->Open();
  {
    const auto lease = version->TryAcquire();
    Cancellation cancellation;
    std::jthread canceller([&] { cancellation.Cancel(); });
    const auto outputs = (*lease)->Execute(One(), {}, {.cancellation = &cancellation});
    ASSERT_FALSE(outputs);
    EXPECT_EQ(outputs.error().code, Code::kCancelled);
    // The next call of whoever has already gone does not begin.
    EXPECT_THAT((*lease)->Execute(One(), {}, {.cancellation = &cancellation}).error().message,
                HasSubstr("before it began"));
  }
  version->Retire();
}

TrafficPolicyPtr Policy(std::vector<VersionTraffic> versions, StickyKey sticky = {}) {
  return std::make_shared<TrafficPolicy>(ApplyChange(
      {},
      {.versions = std::move(versions), .sticky = std::move(sticky), .labels = {}, .rollout = {}}));
}

TEST_F(RegistryTest, TrafficIsSharedByThePolicy) {
  Deploy("m", "v1");
  Deploy("m", "v2");
  Deploy("m", "v3");
  EXPECT_TRUE(registry_.Preview("m")->settled);
  registry_.SetTraffic("m", Policy({{"v1", 0.75}, {"v2", 0.25}, {"v3", 0, 0.5}}));
  EXPECT_FALSE(registry_.Preview("m")->settled);
  std::map<std::string, int> answers;
  int copies = 0;
  for (int n = 0; n < 1'000; ++n) {
    const auto routed = registry_.Route("m", {});
    ASSERT_TRUE(routed);
    ++answers[routed->version->version()];
    if (!routed->shadow) continue;
    ++copies;
    EXPECT_EQ(routed->shadow->version(), "v3");
  }
  EXPECT_EQ(answers, (std::map<std::string, int>{{"v1", 750}, {"v2", 250}}));
  EXPECT_EQ(copies, 500);
  Remove("m", "v1");
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v2");
  registry_.SetTraffic("m", nullptr);
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v3");
}

TEST_F(RegistryTest, AKeyChoosesWhereThePolicyIsSticky) {
  Deploy("m", "v1");
  Deploy("m", "v2");
  const StickyKey sticky{StickyKey::Source::kField, "user"};
  registry_.SetTraffic("m", Policy({{"v1", 0.5}, {"v2", 0.5}}, sticky));
  EXPECT_EQ(registry_.Preview("m")->sticky_field, "user");
  const auto version_of = [&](std::string_view user) {
    const auto routed = registry_.Route("m", [&](const StickyKey& asked) {
      EXPECT_EQ(asked, sticky);
      return user;
    });
    return routed->version->version();
  };
  std::set<std::string> seen;
  for (const char* user : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    const std::string version = version_of(user);
    seen.insert(version);
    for (int n = 0; n < 3; ++n) EXPECT_EQ(version_of(user), version) << user;
  }
  EXPECT_EQ(seen.size(), 2u);
}

TEST_F(RegistryTest, LabelsNameVersions) {
  Deploy("m", "v1");
  Deploy("m", "v2");
  TrafficPolicy policy;
  policy.labels = {{"stable", "v1"}, {"v2", "v1"}, {"old", "v0"}};
  registry_.SetTraffic("m", std::make_shared<TrafficPolicy>(policy));
  EXPECT_EQ((*registry_.Resolve("m", "stable"))->version(), "v1");
  EXPECT_EQ((*registry_.Resolve("m", "v2"))->version(), "v2") << "a version wins over a label";
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v2");
  const Error error = registry_.Resolve("m", "old").error();
  EXPECT_EQ(error.code, Code::kNotFound);
  EXPECT_EQ(error.message,
            "model 'm' version 'v0' (label 'old') is not deployed; there are: v1, v2");
}

TEST_F(RegistryTest, APolicyLivesAsLongAsTheModel) {
  registry_.SetTraffic("m", Policy({{"v1", 1}}));  // ahead of its versions, as at start
  Deploy("m", "v1");
  Deploy("m", "v2");
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v1");
  const auto bad = Make("m", "v3");
  ASSERT_TRUE(registry_.Reserve(bad, false));
  EXPECT_FALSE(Load(*bad, "fail_load no\n"));
  registry_.Abandon(bad);
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v1");
  EXPECT_EQ(registry_.Describe("m")->traffic, registry_.Traffic("m"));
  EXPECT_EQ(registry_.Traffic("m")->versions.size(), 1u);
  Remove("m", "");
  EXPECT_EQ(registry_.Traffic("m"), nullptr);
  EXPECT_EQ(registry_.Resolve("m", "").error().code, Code::kNotFound);
  Deploy("m", "v1");
  Deploy("m", "v2");
  EXPECT_EQ((*registry_.Resolve("m", ""))->version(), "v2");
}

TEST_F(RegistryTest, ReplacingUnderLoadKeepsTheSplit) {
  Deploy("m", "v1");
  Deploy("m", "v2");
  registry_.SetTraffic("m", Policy({{"v1", 0.5}, {"v2", 0.5}}));
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::atomic<int> first = 0;
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> readers;
    readers.reserve(3);
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&] {
        while (!stop) {
          const auto routed = registry_.Route("m", {});
          if (!routed) {
            ++failures;
            continue;
          }
          if (routed->version->version() == "v1") ++first;
          ++answers;
        }
      });
    }
    while (answers == 0) std::this_thread::yield();
    for (int i = 0; i < 50; ++i) Deploy("m", "v1", true);
    stop = true;
  }
  EXPECT_EQ(failures, 0);
  // A reader that meets a version that has just been retired asks again, so a few may be off.
  EXPECT_NEAR(first, answers / 2.0, 60);
}

TEST_F(RegistryTest, ReplacingUnderLoadFailsNoRequest) {
  Deploy("m", "v1");
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::atomic<int> answers = 0;
  {
    std::vector<std::jthread> readers;
    readers.reserve(3);
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&, t] {
        while (!stop) {
          const auto lease = registry_.Resolve("m", t == 0 ? "v1" : "");
          if (lease) {
            ++answers;
          } else {
            ++failures;
          }
        }
      });
    }
    while (answers == 0) std::this_thread::yield();  // on a busy machine they start late
    for (int i = 0; i < 100; ++i) Deploy("m", "v1", true);
    stop = true;
  }
  EXPECT_EQ(failures, 0);
  Remove("m", "");
  EXPECT_EQ(unloaded_, 101);
}

}  // namespace
}  // namespace plinth
