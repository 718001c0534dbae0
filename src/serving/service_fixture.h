// A Service with the test backend (tests/backend), and ways to ask it.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/service.h"

namespace plinth {

class ServiceTest : public testing::Test {
 public:
  ServiceTest() {
    dir_ = std::filesystem::temp_directory_path() / ("plinth-service-" + std::to_string(getpid()));
    std::filesystem::create_directories(dir_);
    StartWith({});
  }
  ~ServiceTest() override {
    service_.reset();
    std::filesystem::remove_all(dir_);
  }

 protected:
  // A new service, whose state holds what `change` puts there.
  void StartWith(const StateChange& change) {
    auto state = StateStore::InMemory();
    ASSERT_TRUE(state->Commit(change));
    service_ = std::make_unique<Service>(
        Service::Options{{std::string(PLINTH_BINARY_DIR) + "/tests/backends"}, {dir_.string()}},
        std::move(state));
  }

  void AwaitReady() {
    for (int i = 0; i < 1'000 && !service_->ready(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(service_->ready());
  }

  Result<VersionInfo> Deploy(const std::string& text, ModelConfig config = {},
                             bool replace = false) {
    return DeployAs("m", text, std::move(config), replace);
  }

  Result<VersionInfo> DeployAs(const std::string& name, const std::string& text,
                               ModelConfig config = {}, bool replace = false) {
    const std::string file = name + std::to_string(++files_) + ".testmodel";
    std::ofstream(dir_ / file) << text;
    DeploySpec spec;
    spec.name = name;
    spec.path = file;
    spec.config = std::move(config);
    spec.replace = replace;
    return DeploySpecNow(std::move(spec));
  }

  static ModelConfig Config(std::int64_t timeout_ms, std::int64_t instances,
                            std::int64_t max_queue = 100) {
    ModelConfig config;
    config.timeout_ms = timeout_ms;
    config.instances = {instances, instances};
    config.max_queue = max_queue;
    return config;
  }

  Result<VersionInfo> DeploySpecNow(DeploySpec spec) {
    std::promise<Result<VersionInfo>> done;
    service_->Deploy(std::move(spec),
                     [&done](Result<VersionInfo> info) { done.set_value(std::move(info)); });
    return done.get_future().get();
  }

  Status Remove(const std::string& name, const std::string& version = "") {
    std::promise<Status> done;
    service_->Remove(name, version, [&done](Status status) { done.set_value(std::move(status)); });
    return done.get_future().get();
  }

  using Answered = std::future<Result<InferResponse>>;

  // [rows, columns] numbers that count up from `first`.
  static Tensor Numbers(std::int64_t rows, std::int64_t columns, float first) {
    auto tensor = Tensor::Allocate(DType::kFp32, {rows, columns});
    for (float& value : tensor->mutable_values<float>()) value = first++;
    return *tensor;
  }

  static InferRequest Request(float value) {
    InferRequest request;
    request.inputs = {{"x", Numbers(1, 1, value)}};
    return request;
  }

  // To the newest version of "m".
  Answered Start(InferRequest request) {
    auto promise = std::make_shared<std::promise<Result<InferResponse>>>();
    auto future = promise->get_future();
    auto lease = service_->Resolve("m", "");
    if (!lease) {
      promise->set_value(Fail(lease.error()));
      return future;
    }
    request.version = std::move(*lease);
    service_->Infer(std::move(request), [promise](Result<InferResponse> response) {
      promise->set_value(std::move(response));
    });
    return future;
  }

  Answered Start(float value, std::function<bool()> cancelled = {}) {
    InferRequest request = Request(value);
    request.cancelled = std::move(cancelled);
    return Start(std::move(request));
  }

  // The value of the series, 0 if there is none.
  double Metric(const std::string& series) const {
    const std::string text = service_->RenderMetrics();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
  }

  static Code CodeOf(Answered future) {
    auto result = future.get();
    EXPECT_FALSE(result);
    return result ? Code::kInternal : result.error().code;
  }

  std::filesystem::path dir_;
  int files_ = 0;
  std::unique_ptr<Service> service_;
};

}  // namespace plinth
