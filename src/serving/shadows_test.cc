#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "serving/service_fixture.h"

namespace plinth {
namespace {

using std::chrono::milliseconds;

// v1 answers 2 x; v2 is asked the same.
class ShadowsTest : public ServiceTest {
 protected:
  void DeployBoth(const std::string& shadow, const std::string& primary = "") {
    ASSERT_TRUE(Deploy(primary));
    std::ofstream(dir_ / "shadow.testmodel") << shadow;
    DeploySpec spec;
    spec.name = "m";
    spec.version = "v2";
    spec.path = "shadow.testmodel";
    ASSERT_TRUE(DeploySpecNow(std::move(spec)));
  }

  // To v1, with a copy for v2.
  Answered StartCopied(float value, std::function<bool()> cancelled = {}) {
    auto promise = std::make_shared<std::promise<Result<InferResponse>>>();
    InferRequest request = Request(value);
    request.version = *service_->Resolve("m", "v1");
    request.shadow = *service_->Resolve("m", "v2");
    request.cancelled = std::move(cancelled);
    service_->Infer(std::move(request), [promise](Result<InferResponse> response) {
      promise->set_value(std::move(response));
    });
    return promise->get_future();
  }

  static float ValueOf(Answered answer) {
    const auto response = answer.get();
    EXPECT_TRUE(response);
    return response ? response->outputs.front().tensor.values<float>()[0] : 0;
  }

  double Shadow(const std::string& metric) const {
    return Metric("model_shadow_" + metric + "{model=\"m\",version=\"v2\"}");
  }
  void WaitFor(const std::function<bool()>& condition) const {
    for (int i = 0; i < 6'000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(10));
    ASSERT_TRUE(condition());
  }
};

TEST_F(ShadowsTest, CopiesAreComparedAndCountedForThemselves) {
  DeployBoth("factor 3");
  EXPECT_EQ(ValueOf(StartCopied(5)), 10);
  WaitFor([this] { return Shadow("requests_total") == 1; });
  EXPECT_EQ(Shadow("disagreements_total"), 1);
  EXPECT_EQ(Shadow("errors_total"), 0);
  EXPECT_EQ(Shadow("max_abs_difference"), 5);
  EXPECT_EQ(Metric("model_requests_total{model=\"m\",version=\"v1\"}"), 1);
  EXPECT_EQ(Metric("model_requests_total{model=\"m\",version=\"v2\"}"), 0);
}

TEST_F(ShadowsTest, AgreementIsNoDisagreement) {
  DeployBoth("factor 2");
  EXPECT_EQ(ValueOf(StartCopied(5)), 10);
  WaitFor([this] { return Shadow("requests_total") == 1; });
  EXPECT_EQ(Shadow("disagreements_total"), 0);
}

TEST_F(ShadowsTest, AFailingCopyIsNoFailureOfTheCaller) {
  DeployBoth("fail_execute it broke");
  EXPECT_EQ(ValueOf(StartCopied(5)), 10);
  WaitFor([this] { return Shadow("errors_total") == 1; });
  EXPECT_EQ(Shadow("disagreements_total"), 1);
  EXPECT_EQ(Metric("model_errors_total{model=\"m\",version=\"v2\",code=\"INTERNAL\"}"), 0);
}

TEST_F(ShadowsTest, FailedRequestsAreNotCopied) {
  DeployBoth("", "fail_on 7");
  EXPECT_EQ(CodeOf(StartCopied(7)), Code::kInvalidArgument);
  EXPECT_EQ(ValueOf(StartCopied(5)), 10);
  WaitFor([this] { return Shadow("requests_total") == 1; });
  EXPECT_EQ(Shadow("requests_total"), 1);
}

// A shadow that would take a minute: callers are answered all the same, what is too much is
// dropped, and its removal and the end of the service wait for none of it.
TEST_F(ShadowsTest, AHangingShadowDelaysNobody) {
  DeployBoth("delay_ms 60000");
  const auto start = Clock::now();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(ValueOf(StartCopied(5)), 10);
  WaitFor([this] { return Shadow("dropped_total") == 200 - 64; });
  EXPECT_EQ(Shadow("requests_total"), 0);
  ASSERT_TRUE(Remove("m", "v2"));
  // The record went with the version; a new one has seen nothing.
  EXPECT_EQ(service_->RenderMetrics().find("model_shadow_requests_total{"), std::string::npos);
  service_.reset();
  EXPECT_LT(Clock::now() - start, std::chrono::seconds(50));
}

TEST_F(ShadowsTest, CopiesKeepNeitherVersionFromUnloading) {
  DeployBoth("delay_ms 60000");
  EXPECT_EQ(ValueOf(StartCopied(5)), 10);
  std::weak_ptr<ModelVersion> primary;
  {
    const auto lease = service_->Resolve("m", "v1");
    primary = (*lease)->weak_from_this();
  }
  ASSERT_TRUE(Remove("m", "v1"));
  WaitFor([&] {
    const auto version = primary.lock();
    return version == nullptr || version->state() == VersionState::kUnloaded;
  });
}

}  // namespace
}  // namespace plinth
