#include "api/grpc/standard_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/grpc/descriptors.h"

namespace plinth::api {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The client's end of a call.
class FakeSink final : public net::GrpcWriter::Sink {
 public:
  void Send(net::GrpcMessage message) override {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const Buffer& part : message) text.append(part.As<char>(), part.size());
    messages_.push_back(std::move(text));
  }
  void Finish(net::GrpcStatus status) override {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  bool cancelled() const override { return cancelled_; }

  void Cancel() { cancelled_ = true; }
  std::vector<std::string> messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
  }
  std::optional<net::GrpcStatus> status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::optional<net::GrpcStatus> status_;
  std::atomic<bool> cancelled_ = false;
};

const net::GrpcMethod& Method(const std::vector<net::GrpcMethod>& methods,
                              const std::string& path) {
  for (const net::GrpcMethod& method : methods) {
    if (method.path == path) return method;
  }
  throw std::out_of_range(path);
}

std::string StringField(int number, const std::string& value) {
  std::string bytes;
  protozero::pbf_writer(bytes).add_string(static_cast<protozero::pbf_tag_type>(number), value);
  return bytes;
}

// The status in a HealthCheckResponse.
int StatusIn(const std::string& bytes) {
  protozero::pbf_reader reader(bytes);
  return reader.next(1) ? reader.get_enum() : -1;
}

class HealthTest : public ::testing::Test {
 protected:
  std::shared_ptr<FakeSink> Check(const std::string& request) {
    auto sink = std::make_shared<FakeSink>();
    std::get<net::GrpcUnary>(Method(methods_, "/grpc.health.v1.Health/Check").handler)(
        {}, Buffer::FromString(request), net::GrpcWriter(sink));
    return sink;
  }
  std::shared_ptr<FakeSink> Watch(const std::string& request) {
    auto sink = std::make_shared<FakeSink>();
    readers_.push_back(std::get<net::GrpcStreaming>(
        Method(methods_, "/grpc.health.v1.Health/Watch").handler)({}, net::GrpcWriter(sink)));
    readers_.back()->OnMessage(Buffer::FromString(request));
    readers_.back()->OnEnd();
    return sink;
  }
  static void AwaitMessages(const FakeSink& sink, std::size_t count) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (sink.messages().size() < count && std::chrono::steady_clock::now() < give_up)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  std::atomic<bool> ready_ = true;
  std::vector<net::GrpcMethod> methods_ =
      MakeHealthService([this] { return ready_.load(); }, {"a.B"});
  std::vector<std::unique_ptr<net::GrpcReader>> readers_;
};

TEST_F(HealthTest, TellsOfTheServerAndItsServices) {
  for (const std::string service : {"", "a.B", "grpc.health.v1.Health"}) {
    ready_ = true;
    EXPECT_EQ(StatusIn(Check(StringField(1, service))->messages().at(0)), 1);
    ready_ = false;
    EXPECT_EQ(StatusIn(Check(StringField(1, service))->messages().at(0)), 2);
  }
  const auto unknown = Check(StringField(1, "a.C"));
  EXPECT_THAT(unknown->messages(), SizeIs(0));
  EXPECT_EQ(unknown->status()->code, 5);
  EXPECT_EQ(Check("\xff")->status()->code, 3);
}

TEST_F(HealthTest, TellsWatchersOfChanges) {
  const auto sink = Watch("");
  const auto unknown = Watch(StringField(1, "a.C"));
  EXPECT_EQ(StatusIn(sink->messages().at(0)), 1);
  EXPECT_EQ(StatusIn(unknown->messages().at(0)), 3);
  ready_ = false;
  AwaitMessages(*sink, 2);
  EXPECT_EQ(StatusIn(sink->messages().at(1)), 2);
  ready_ = true;
  AwaitMessages(*sink, 3);
  EXPECT_EQ(StatusIn(sink->messages().at(2)), 1);
  EXPECT_THAT(unknown->messages(), SizeIs(1));
  EXPECT_FALSE(sink->status());
  // Once all have gone, the next one is still told.
  sink->Cancel();
  unknown->Cancel();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(StatusIn(Watch("")->messages().at(0)), 1);
}

class ReflectionTest : public ::testing::Test {
 protected:
  // The fields `number` in the part `part` of the response.
  std::vector<std::string> Ask(const std::string& request, int part, int number) {
    auto sink = std::make_shared<FakeSink>();
    const auto reader =
        std::get<net::GrpcStreaming>(methods_.front().handler)({}, net::GrpcWriter(sink));
    reader->OnMessage(Buffer::FromString(request));
    reader->OnEnd();
    EXPECT_EQ(sink->status()->code, 0);
    std::vector<std::string> found;
    const std::string bytes = sink->messages().at(0);
    protozero::pbf_reader response(bytes);
    while (response.next(static_cast<protozero::pbf_tag_type>(part))) {
      protozero::pbf_reader body = response.get_message();
      while (body.next(static_cast<protozero::pbf_tag_type>(number)))
        found.push_back(body.get_bytes());
    }
    return found;
  }

  std::vector<net::GrpcMethod> methods_ = MakeReflectionService({"a.B", "c.D"});
};

TEST_F(ReflectionTest, ListsServices) {
  EXPECT_THAT(Ask(StringField(7, "*"), 6, 1),
              ElementsAre(StringField(1, "a.B"), StringField(1, "c.D")));
}

TEST_F(ReflectionTest, FindsFiles) {
  const auto by_name = Ask(StringField(3, "health.proto"), 4, 1);
  EXPECT_THAT(by_name, ElementsAre(HasSubstr("grpc.health.v1")));
  for (const std::string symbol :
       {"grpc.health.v1.Health", "grpc.health.v1.Health.Check",
        "grpc.health.v1.HealthCheckResponse", "grpc.health.v1.HealthCheckResponse.ServingStatus"}) {
    EXPECT_EQ(Ask(StringField(4, symbol), 4, 1), by_name) << symbol;
  }
  for (const std::string& request : {StringField(4, "a.Nothing"), StringField(3, "nothing.proto"),
                                     StringField(6, "a.Nothing"), StringField(5, "")}) {
    EXPECT_THAT(Ask(request, 7, 2), SizeIs(1));
  }
  EXPECT_THAT(Ask(StringField(6, "grpc.health.v1.HealthCheckRequest"), 5, 1),
              ElementsAre("grpc.health.v1.HealthCheckRequest"));
}

TEST(Descriptors, RefusesWhatIsNone) {
  EXPECT_FALSE(Descriptors::Read("\xff\xff"));
  EXPECT_TRUE(Descriptors::Read(""));
}

TEST(StandardServices, AreListedAndDescribedThemselves) {
  std::vector<net::GrpcMethod> methods = {{"/a.B/One", {}}, {"/a.B/Two", {}}};
  methods = WithStandardServices(std::move(methods), [] { return true; });
  EXPECT_THAT(ServiceNames(methods),
              ElementsAre("a.B", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                          "grpc.reflection.v1alpha.ServerReflection"));
}

}  // namespace
}  // namespace plinth::api
