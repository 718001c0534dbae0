// A Service and ways to deploy pipelines of the test backend's models.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "serving/service_fixture.h"

namespace plinth {

class ServicePipelinesTest : public ServiceTest {
 protected:
  std::filesystem::path Folder(const std::string& json) {
    const auto folder = dir_ / std::string("pipeline").append(std::to_string(++files_));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "pipeline.json") << json;
    return folder;
  }

  // As the model "m".
  Result<VersionInfo> Pipeline(const std::string& json, bool replace = false) {
    DeploySpec spec;
    spec.name = "m";
    spec.path = Folder(json);
    spec.replace = replace;
    return DeploySpecNow(std::move(spec));
  }

  std::string Refusal(const std::string& json) {
    const auto deployed = Pipeline(json, true);
    return deployed ? "" : deployed.error().message;
  }

  static std::string MessageOf(Answered future) {
    auto answer = future.get();
    return answer ? "an answer" : answer.error().message;
  }

  float Value(Answered future) {
    auto answer = future.get();
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? answer->outputs[0].tensor.values<float>()[0] : -1;
  }

  void DeployFactors() {
    ASSERT_TRUE(DeployAs("a", "factor 3\n"));
    ASSERT_TRUE(DeployAs("b", "factor 5\n"));
    ASSERT_TRUE(DeployAs("c", "factor 7\n"));
  }
};

}  // namespace plinth
