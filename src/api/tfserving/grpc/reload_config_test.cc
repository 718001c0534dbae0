#include "api/tfserving/grpc/reload_config.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

namespace plinth::api::tfserving {
namespace {

using protozero::pbf_writer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string Message(const std::function<void(pbf_writer&)>& fill) {
  std::string text;
  pbf_writer writer(text);
  fill(writer);
  return text;
}

// A request with one model, whose version policy is that.
std::string Request(const std::string& policy) {
  const std::string model = Message([&](pbf_writer& w) {
    w.add_string(1, "m");
    w.add_string(2, "/models/m");
    w.add_string(4, "tensorflow");
    w.add_message(7, policy);
    w.add_message(8, Message([](pbf_writer& label) {
                    label.add_string(1, "stable");
                    label.add_int64(2, 42);
                  }));
  });
  const std::string list = Message([&](pbf_writer& w) { w.add_message(1, model); });
  const std::string server = Message([&](pbf_writer& w) { w.add_message(1, list); });
  return Message([&](pbf_writer& w) { w.add_message(1, server); });
}

std::string Choice(int tag, const std::string& message) {
  return Message(
      [&](pbf_writer& w) { w.add_message(static_cast<protozero::pbf_tag_type>(tag), message); });
}

TEST(ReloadConfigTest, ModelsAndPolicies) {
  const std::vector<std::int64_t> numbers = {42, 43};
  const std::string packed =
      Message([&](pbf_writer& w) { w.add_packed_int64(1, numbers.begin(), numbers.end()); });
  const auto config = DecodeReloadConfig(Request(Choice(102, packed)));
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->models.size(), 1U);
  const TfServingModel& model = config->models[0];
  EXPECT_EQ(model.name, "m");
  EXPECT_EQ(model.base_path, "/models/m");
  EXPECT_EQ(model.versions.kind, VersionPolicy::Kind::kSpecific);
  EXPECT_THAT(model.versions.specific, ElementsAre(42, 43));
  EXPECT_THAT(model.labels, ElementsAre(Pair("stable", 42)));

  const std::string two = Message([](pbf_writer& w) { w.add_uint32(1, 2); });
  EXPECT_EQ(DecodeReloadConfig(Request(Choice(100, two)))->models[0].versions.latest, 2);
  EXPECT_EQ(DecodeReloadConfig(Request(Choice(101, "")))->models[0].versions.kind,
            VersionPolicy::Kind::kAll);
  EXPECT_EQ(DecodeReloadConfig(Request(""))->models[0].versions, VersionPolicy{});
  EXPECT_THAT(DecodeReloadConfig("").error().message, HasSubstr("Only ModelConfigList"));
}

struct Seen {
  std::optional<net::GrpcStatus> status;
  std::string message;
};

class RecordingSink final : public net::GrpcWriter::Sink {
 public:
  explicit RecordingSink(Seen& seen) : seen_(seen) {}
  void Send(net::GrpcMessage message) override {
    for (const Buffer& piece : message) seen_.message.append(piece.As<char>(), piece.size());
  }
  void Finish(net::GrpcStatus status) override { seen_.status = std::move(status); }
  bool cancelled() const override { return false; }

 private:
  Seen& seen_;
};

Seen Call(const std::string& request, const Status& outcome) {
  Seen seen;
  const auto method = ReloadConfigMethod(
      [&](const TfServingConfig&, std::move_only_function<void(Status)> done) { done(outcome); });
  std::get<net::GrpcUnary>(method.handler)({}, Buffer::FromString(request),
                                           net::GrpcWriter(std::make_shared<RecordingSink>(seen)));
  return seen;
}

TEST(ReloadConfigTest, TheAnswerTellsWhatBecameOfIt) {
  const Seen good = Call(Request(""), {});
  EXPECT_EQ(good.status->code, 0);
  EXPECT_EQ(good.message, std::string("\x0a\x00", 2)) << "a status of OK";
  const Seen bad = Call(Request(""), Fail(Code::kNotFound, "no versions found"));
  EXPECT_EQ(bad.status->code, 5);
  EXPECT_EQ(bad.status->message, "no versions found");
  EXPECT_EQ(Call("\x0a\x7f", {}).status->code, 3);
}

}  // namespace
}  // namespace plinth::api::tfserving
