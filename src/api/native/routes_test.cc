#include "api/native/routes.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "api/native/router.h"
#include "net/responder_testing.h"

namespace plinth::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;
using net::Verb;
using ::testing::HasSubstr;

// Against the real service and the test backend, whose models give y = 2 * x, FP32 [-1,-1].
class RoutesTest : public ::testing::Test {
 public:
  RoutesTest() {
    dir_ = std::filesystem::temp_directory_path() / ("plinth-routes-" + std::to_string(getpid()));
    std::filesystem::create_directories(dir_);
    service_ = std::make_unique<Service>(
        Service::Options{{std::string(PLINTH_BINARY_DIR) + "/tests/backends"}, {dir_.string()}});
    handler_ = MakeNativeApi(*service_, {.version = "1.2.3"});
  }
  ~RoutesTest() override {
    service_.reset();
    std::filesystem::remove_all(dir_);
  }

 protected:
  HttpResponse Call(Verb verb, std::string_view path, std::string_view body = {},
                    std::vector<net::Header> headers = {}, std::string_view query = {}) {
    HttpRequest request;
    request.verb = verb;
    request.path = path;
    request.query = query;
    request.headers = std::move(headers);
    request.has_body = body.data() != nullptr;
    std::string padded(body);
    padded.append(HttpRequest::kBodyPadding, ' ');
    request.body = Buffer::FromString(std::move(padded)).Slice(0, body.size());
    const auto sink = std::make_shared<net::CaughtAnswer>();
    auto future = sink->future();
    handler_(std::move(request), net::Responder(sink));
    return future.get();
  }

  HttpResponse Deploy(const std::string& text, std::string_view path = "/models/m/version/v1",
                      std::string_view more = "") {
    std::ofstream(dir_ / "m.testmodel") << text;
    std::string body = R"({"path": "m.testmodel")";
    body.append(more).append("}");
    return Call(Verb::kPost, path, body);
  }

  static std::string HeaderOf(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }

  // Checks that it is an error of that status and code; gives its message.
  static std::string MessageOf(const HttpResponse& response, int status, std::string_view code) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    std::string_view found;
    std::string_view message;
    EXPECT_EQ(parser.parse(response.body).get(root), simdjson::SUCCESS);
    EXPECT_EQ(root["error"]["code"].get(found), simdjson::SUCCESS);
    EXPECT_EQ(root["error"]["message"].get(message), simdjson::SUCCESS);
    EXPECT_EQ(found, code);
    return std::string(message);
  }

  std::filesystem::path dir_;
  std::unique_ptr<Service> service_;
  net::HttpHandler handler_;
};

TEST_F(RoutesTest, DeploysPredictsAndRemoves) {
  const HttpResponse deployed = Deploy("");
  ASSERT_EQ(deployed.status, 201) << deployed.body;
  EXPECT_EQ(HeaderOf(deployed, "Location"), "/models/m/version/v1");
  EXPECT_THAT(deployed.body,
              HasSubstr(R"("inputs":[{"name":"x","datatype":"FP32","shape":[-1,-1]}])"));

  const HttpResponse answer = Call(Verb::kPost, "/predict/m", R"({"inputs": [[1, 2.5]]})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body,
              HasSubstr(R"({"model":"m","version":"v1","outputs":[[2,5]],"latency_ms":)"));

  EXPECT_EQ(Call(Verb::kGet, "/models/m/version/v1").status, 200);
  EXPECT_EQ(Call(Verb::kDelete, "/models/m/version/v1").body,
            R"({"name":"m","version":"v1","removed":true})");
  MessageOf(Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]]})"), 404, "NOT_FOUND");
}

TEST_F(RoutesTest, TheNamedVersionAnswers) {
  ASSERT_EQ(Deploy("").status, 201);
  ASSERT_EQ(Deploy("", "/models/m/version/v10").status, 201);
  EXPECT_THAT(Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]]})").body,
              HasSubstr(R"("version":"v10")"));
  EXPECT_THAT(Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]], "version": "v1"})").body,
              HasSubstr(R"("version":"v1")"));
  EXPECT_THAT(MessageOf(Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]], "version": "v9"})"),
                        404, "NOT_FOUND"),
              HasSubstr("v10"));
  EXPECT_THAT(MessageOf(Call(Verb::kGet, "/models/m/version/v9"), 404, "NOT_FOUND"),
              HasSubstr("v1, v10"));
}

TEST_F(RoutesTest, RefusalsAreCounted) {
  ASSERT_EQ(Deploy("").status, 201);
  MessageOf(Call(Verb::kPost, "/predict/m", R"({"inputs": [["a"]]})"), 400, "INVALID_ARGUMENT");
  const std::string metrics = Call(Verb::kGet, "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(R"(model_requests_total{model="m",version="v1"} 1)"));
  EXPECT_THAT(metrics, HasSubstr(R"(code="INVALID_ARGUMENT"} 1)"));
}

TEST_F(RoutesTest, RefusalsBeforeAVersionIsKnownAreTheDefaultOnes) {
  ASSERT_EQ(Deploy("").status, 201);
  MessageOf(Call(Verb::kPost, "/predict/m", "{"), 400, "INVALID_ARGUMENT");
  MessageOf(Call(Verb::kPost, "/predict/m", "<a/>", {{"Content-Type", "text/xml"}}), 415,
            "UNSUPPORTED_MEDIA_TYPE");
  MessageOf(Call(Verb::kPost, "/predict/m"), 411, "LENGTH_REQUIRED");
  MessageOf(Call(Verb::kPost, "/predict/m", R"({"version": "v9", "inputs": [[1]]})"), 404,
            "NOT_FOUND");
  MessageOf(Call(Verb::kPost, "/predict/none", "{"), 400, "INVALID_ARGUMENT");
  const std::string metrics = Call(Verb::kGet, "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(R"(model_requests_total{model="m",version="v1"} 4)"));
  for (const char* code :
       {"INVALID_ARGUMENT", "UNSUPPORTED_MEDIA_TYPE", "LENGTH_REQUIRED", "NOT_FOUND"}) {
    EXPECT_THAT(metrics, HasSubstr("code=\"" + std::string(code) + "\"} 1"));
  }
}

TEST_F(RoutesTest, TakesAndGivesRawTensors) {
  ASSERT_EQ(Deploy("").status, 201);
  const std::vector<float> row = {1, 2.5, -3};
  const std::string_view bytes(reinterpret_cast<const char*>(row.data()), 12);
  const net::Header type = {"Content-Type", "application/octet-stream"};
  const net::Header shape = {"plinth-shape", "1,3"};
  const net::Header accept = {"Accept", "application/octet-stream"};
  EXPECT_THAT(Call(Verb::kPost, "/predict/m", bytes, {type, shape}).body,
              HasSubstr(R"("outputs":[[2,5,-6]])"));

  const HttpResponse raw = Call(Verb::kPost, "/predict/m", bytes, {type, shape, accept});
  ASSERT_EQ(raw.status, 200) << raw.body;
  EXPECT_EQ(raw.content_type, "application/octet-stream");
  EXPECT_EQ(HeaderOf(raw, "Plinth-Shape"), "1,3");
  EXPECT_EQ(HeaderOf(raw, "Plinth-Datatype"), "FP32");
  EXPECT_EQ(HeaderOf(raw, "Plinth-Model"), "m");
  EXPECT_EQ(HeaderOf(raw, "Plinth-Version"), "v1");
  EXPECT_EQ(HeaderOf(raw, "Plinth-Cached"), "");
  const std::vector<float> doubled = {2, 5, -6};
  EXPECT_EQ(raw.body, std::string_view(reinterpret_cast<const char*>(doubled.data()), 12));
  EXPECT_EQ(Call(Verb::kPost, "/predict/m", R"({"inputs": [[1, 2.5, -3]]})", {accept}).body,
            raw.body);
}

TEST_F(RoutesTest, RawRequestsHaveTheirOptionsBesideTheBody) {
  ASSERT_EQ(Deploy("").status, 201);
  ASSERT_EQ(Deploy("", "/models/m/version/v2").status, 201);
  const auto call = [this](std::string_view query, std::vector<net::Header> more) {
    more.push_back({"Content-Type", "application/octet-stream"});
    more.push_back({"Plinth-Shape", "1,1"});
    return Call(Verb::kPost, "/predict/m", std::string_view("\0\0\0\0", 4), more, query);
  };
  EXPECT_THAT(call("", {}).body, HasSubstr(R"("version":"v2")"));
  EXPECT_THAT(call("version=v1&priority=low&timeout_ms=5000", {}).body,
              HasSubstr(R"("version":"v1")"));
  EXPECT_THAT(call("", {{"Plinth-Version", "v1"}}).body, HasSubstr(R"("version":"v1")"));
  EXPECT_EQ(call("version=v1", {{"Plinth-Version", "v1"}}).status, 200);
  EXPECT_THAT(MessageOf(call("version=v2", {{"Plinth-Version", "v1"}}), 400, "INVALID_ARGUMENT"),
              HasSubstr("leave one of them out"));
  EXPECT_THAT(MessageOf(call("outputs=z", {}), 400, "INVALID_ARGUMENT"), HasSubstr("'z'"));
  EXPECT_THAT(MessageOf(call("output=y", {}), 400, "INVALID_ARGUMENT"),
              HasSubstr("did you mean 'outputs'?"));
  MessageOf(call("version=v9", {}), 404, "NOT_FOUND");
  MessageOf(call("", {{"Plinth-Version", "../v"}}), 400, "INVALID_ARGUMENT");
}

TEST_F(RoutesTest, FailuresOfABackendAreTheRequests) {
  ASSERT_EQ(Deploy("fail_execute the sky fell\n").status, 201);
  const HttpResponse answer = Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]]})");
  EXPECT_GE(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("the sky fell"));
}

TEST_F(RoutesTest, AFailedLoadIsAnswered) {
  MessageOf(Deploy("fail_load no luck\n"), 422, "INVALID_MODEL");
}

TEST_F(RoutesTest, WhatIsNotReadyMayBeTriedAgain) {
  MessageOf(Deploy("fail_load no luck\n"), 422, "INVALID_MODEL");
  const HttpResponse answer = Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]]})");
  MessageOf(answer, 503, "UNAVAILABLE");
  EXPECT_EQ(HeaderOf(answer, "Retry-After"), "1");
}

TEST_F(RoutesTest, TellsVerbsFromRoutes) {
  EXPECT_THAT(MessageOf(Call(Verb::kGet, "/modells"), 404, "NOT_FOUND"), HasSubstr("/models"));
  const HttpResponse put = Call(Verb::kPut, "/models", "{}");
  MessageOf(put, 405, "METHOD_NOT_ALLOWED");
  EXPECT_EQ(HeaderOf(put, "Allow"), "GET, HEAD, POST, OPTIONS");
  const HttpResponse options = Call(Verb::kOptions, "/predict/m");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.body, "");
  EXPECT_EQ(HeaderOf(options, "Allow"), "POST, OPTIONS");
}

TEST_F(RoutesTest, BodiesMustBeThereAndBeJson) {
  for (const char* path : {"/predict/m", "/models", "/models/m/version/v1"}) {
    MessageOf(Call(Verb::kPost, path), 411, "LENGTH_REQUIRED");
    MessageOf(Call(Verb::kPost, path, ""), 400, "INVALID_ARGUMENT");
    MessageOf(Call(Verb::kPost, path, "{}", {{"content-type", "text/xml"}}), 415,
              "UNSUPPORTED_MEDIA_TYPE");
    MessageOf(Call(Verb::kPost, path, "{}", {{"Content-Encoding", "gzip"}}), 415,
              "UNSUPPORTED_MEDIA_TYPE");
  }
}

TEST_F(RoutesTest, TakesTheContentTypesOfNewcomers) {
  ASSERT_EQ(Deploy("").status, 201);
  for (const char* type : {"application/json", "Application/JSON ; charset=utf-8",
                           "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(
        Call(Verb::kPost, "/predict/m", R"({"inputs": [[1]]})", {{"Content-Type", type}}).status,
        200)
        << type;
  }
}

TEST_F(RoutesTest, NamesAreChecked) {
  EXPECT_THAT(MessageOf(Call(Verb::kGet, "/models/a%2Fb"), 400, "INVALID_ARGUMENT"),
              HasSubstr("'a/b'"));
  MessageOf(Call(Verb::kDelete, "/models/.hidden"), 400, "INVALID_ARGUMENT");
  MessageOf(Call(Verb::kPost, "/predict/%00", "{}"), 400, "INVALID_ARGUMENT");
  MessageOf(Call(Verb::kGet, "/models/m/version/v%201"), 400, "INVALID_ARGUMENT");
}

TEST_F(RoutesTest, ADeploymentIsNoLargeBody) {
  const std::string body = R"({"name": ")" + std::string(std::size_t{1} << 20, 'a') + R"("})";
  MessageOf(Call(Verb::kPost, "/models", body), 413, "PAYLOAD_TOO_LARGE");
}

TEST_F(RoutesTest, TellsHealthAndReadiness) {
  EXPECT_EQ(Call(Verb::kGet, "/health").body, R"({"status":"ok"})");
  EXPECT_EQ(Call(Verb::kGet, "/ready").status, 200);
  service_->BeginShutdown();
  EXPECT_EQ(Call(Verb::kGet, "/health").status, 200);
  const HttpResponse unready = Call(Verb::kGet, "/ready");
  MessageOf(unready, 503, "UNAVAILABLE");
  EXPECT_EQ(HeaderOf(unready, "Retry-After"), "1");
}

TEST_F(RoutesTest, DescribesItself) {
  EXPECT_THAT(Call(Verb::kGet, "/").body, HasSubstr(R"("name":"plinth","version":"1.2.3")"));
  const HttpResponse document = Call(Verb::kGet, "/openapi.json");
  std::ifstream file(std::string(PLINTH_SOURCE_DIR) + "/docs/openapi.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(document.body, text);
}

TEST_F(RoutesTest, EveryRouteIsInTheDescription) {
  const std::string document = Call(Verb::kGet, "/openapi.json").body;
  simdjson::dom::parser parser;
  simdjson::dom::object paths;
  ASSERT_EQ(parser.parse(document)["paths"].get(paths), simdjson::SUCCESS);
  std::set<std::string> described;
  for (const auto [path, item] : paths) {
    for (const char* verb : {"get", "post", "put", "delete"}) {
      simdjson::dom::element operation;
      if (item[verb].get(operation) == simdjson::SUCCESS)
        described.insert(std::string(verb) + " " + std::string(path));
    }
  }
  std::set<std::string> routed;
  for (const RouteInfo& route : Routes()) {
    std::string text;
    for (const char c : NameOf(route.verb)) text += static_cast<char>(c + 32);
    text += ' ';
    bool parameter = false;
    for (const char c : route.pattern) {
      if (parameter && c == '/') text += '}';
      if (c == '/') parameter = false;
      if (c == ':') {
        parameter = true;
        text += '{';
      } else {
        text += c;
      }
    }
    if (parameter) text += '}';
    routed.insert(text);
  }
  EXPECT_EQ(routed, described);
}

}  // namespace
}  // namespace plinth::api
