#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "api/tfserving/grpc/model_service.h"
#include "api/tfserving/grpc/prediction_service.h"
#include "serving/service_fixture.h"

namespace plinth::api::tfserving {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;
using ::testing::HasSubstr;

struct Answer {
  net::GrpcStatus status;
  std::string message;
};

class PromisedSink final : public net::GrpcWriter::Sink {
 public:
  void Send(net::GrpcMessage message) override {
    for (const Buffer& piece : message) answer_.message.append(piece.As<char>(), piece.size());
  }
  void Finish(net::GrpcStatus status) override {
    answer_.status = std::move(status);
    promise_.set_value(std::move(answer_));
  }
  bool cancelled() const override { return false; }
  std::future<Answer> future() { return promise_.get_future(); }

 private:
  Answer answer_;
  std::promise<Answer> promise_;
};

template <typename Fill>
std::string Message(Fill fill) {
  std::string text;
  pbf_writer writer(text);
  fill(writer);
  return text;
}

std::string Spec(const std::string& name, const std::string& signature = "") {
  return Message([&](pbf_writer& w) {
    w.add_string(1, name);
    if (!signature.empty()) w.add_string(3, signature);
  });
}

// What lies at that path of fields, the last of each name; "" if nothing does.
std::string At(std::string message, std::initializer_list<protozero::pbf_tag_type> path) {
  for (const auto tag : path) {
    std::string found;
    for (pbf_reader reader(message); reader.next(tag, protozero::pbf_wire_type::length_delimited);)
      found = reader.get_string();
    message = found;
  }
  return message;
}

// The test backend's models give y = 2 * x, FP32 [-1,-1].
class ServicesTest : public ServiceTest {
 protected:
  ServicesTest() {
    for (auto& method : PredictionServiceMethods(*service_)) methods_.push_back(std::move(method));
    for (auto& method : ModelServiceMethods(*service_)) methods_.push_back(std::move(method));
  }

  Answer Call(std::string_view path, const std::string& message) {
    const auto method = std::ranges::find_if(methods_, [&](const net::GrpcMethod& m) {
      return m.path == "/tensorflow.serving." + std::string(path);
    });
    if (method == methods_.end()) return {{12, "no such method"}, {}};
    const auto sink = std::make_shared<PromisedSink>();
    auto answer = sink->future();
    std::get<net::GrpcUnary>(method->handler)({}, Buffer::FromString(message),
                                              net::GrpcWriter(sink));
    return answer.get();
  }

  // [1, 2] floats.
  static std::string Threes() {
    return Message([](pbf_writer& w) {
      w.add_enum(1, 1);
      {
        pbf_writer shape(w, 2);
        for (const std::int64_t size : {1, 2}) {
          pbf_writer dim(shape, 2);
          dim.add_int64(1, size);
        }
      }
      w.add_float(5, 3);
    });
  }

  static std::string Predict(const std::string& spec, std::optional<std::string> filter = {}) {
    return Message([&](pbf_writer& w) {
      w.add_message(1, spec);
      {
        pbf_writer entry(w, 2);
        entry.add_string(1, "x");
        entry.add_message(2, Threes());
      }
      if (filter) w.add_string(3, *filter);
    });
  }

  static std::string Examples(float value) {
    return Message([&](pbf_writer& w) {
      pbf_writer list(w, 1);
      pbf_writer example(list, 1);
      pbf_writer features(example, 1);
      pbf_writer entry(features, 1);
      entry.add_string(1, "x");
      pbf_writer feature(entry, 2);
      pbf_writer floats(feature, 2);
      floats.add_float(1, value);
    });
  }

  static std::string ExamplesRequest(const std::string& spec, float value) {
    return Message([&](pbf_writer& w) {
      w.add_message(1, spec);
      w.add_message(2, Examples(value));
    });
  }

  std::vector<net::GrpcMethod> methods_;
};

float FloatOf(const std::string& message, protozero::pbf_tag_type tag) {
  pbf_reader reader(message);
  return reader.next(tag) ? reader.get_float() : -1;
}

TEST_F(ServicesTest, PredictGivesTensorsAndTheVersionThatAnswered) {
  ASSERT_TRUE(Deploy(""));
  const Answer answer = Call("PredictionService/Predict", Predict(Spec("m"), "y"));
  ASSERT_EQ(answer.status.code, 0) << answer.status.message;
  EXPECT_EQ(At(answer.message, {1, 1}), "y");
  const std::string values = At(answer.message, {1, 2, 5});
  ASSERT_EQ(values.size(), 8U);
  EXPECT_EQ(reinterpret_cast<const float*>(values.data())[1], 6);
  EXPECT_EQ(At(answer.message, {2, 1}), "m");
  EXPECT_EQ(At(answer.message, {2, 3}), "serving_default");
  EXPECT_EQ(At(answer.message, {2, 2}), "\x08\x01");  // version 1, of "v1"
}

TEST_F(ServicesTest, PredictRefusesInTfServingsWords) {
  ASSERT_TRUE(Deploy(""));
  const auto refused = [&](const std::string& message, int code, const std::string& text) {
    const Answer answer = Call("PredictionService/Predict", message);
    EXPECT_EQ(answer.status.code, code);
    EXPECT_THAT(answer.status.message, HasSubstr(text));
  };
  refused(Predict(Spec("none")), 5, "Servable not found for request: Latest(none)");
  refused(Predict(Message([](pbf_writer& w) {
            w.add_string(1, "m");
            pbf_writer version(w, 2);
            version.add_int64(1, 7);
          })),
          5, "Servable not found for request: Specific(m, 7)");
  refused(Predict(Message([](pbf_writer& w) {
            w.add_string(1, "m");
            w.add_string(4, "stable");
          })),
          3, "Unrecognized servable version label: stable");
  refused("", 3, "ModelSpec");
  refused("\xff\xff", 3, "is not a PredictRequest");
  refused(Predict(Spec("m", "other")), 9, "Serving signature key \"other\" not found.");
  refused(Predict(Spec("m"), "z"), 3,
          "output tensor alias not found in signature: z Outputs expected to be in the set {y}.");
  const std::string none = Message([](pbf_writer& w) { w.add_message(1, Spec("m")); });
  refused(none, 3,
          "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing "
          "but required: {x}.");
  const std::string unknown = Message([](pbf_writer& w) {
    w.add_message(1, Spec("m"));
    pbf_writer entry(w, 2);
    entry.add_string(1, "q");
  });
  refused(unknown, 3,
          "input tensor alias not found in signature: q. Inputs expected to be in the set {x}.");
  const std::string broken = Message([](pbf_writer& w) {
    w.add_message(1, Spec("m"));
    pbf_writer entry(w, 2);
    entry.add_string(1, "x");
  });
  refused(broken, 3, "tensor parsing error: x");
  const std::string text = Message([](pbf_writer& w) {
    w.add_message(1, Spec("m"));
    pbf_writer entry(w, 2);
    entry.add_string(1, "x");
    pbf_writer tensor(entry, 2);
    tensor.add_enum(1, 7);
    tensor.add_bytes(8, "any value");
  });
  refused(text, 3, "to be float but string is provided");
}

TEST_F(ServicesTest, ExamplesAreClassifiedAndRegressed) {
  ASSERT_TRUE(Deploy(""));
  const Answer classes =
      Call("PredictionService/Classify", ExamplesRequest(Spec("m", "classification"), 4));
  ASSERT_EQ(classes.status.code, 0) << classes.status.message;
  EXPECT_EQ(FloatOf(At(classes.message, {1, 1, 1}), 2), 8);
  EXPECT_EQ(At(classes.message, {2, 3}), "classification");
  const Answer values = Call("PredictionService/Regress", ExamplesRequest(Spec("m"), 4));
  ASSERT_EQ(values.status.code, 0) << values.status.message;
  EXPECT_EQ(FloatOf(At(values.message, {1, 1}), 1), 8);
  const Answer unknown = Call("PredictionService/Regress", ExamplesRequest(Spec("m", "q"), 4));
  EXPECT_EQ(unknown.status.code, 3);
  EXPECT_EQ(unknown.status.message, "No signature was found with the name: q");
  const std::string empty = Message([](pbf_writer& w) { w.add_message(1, Spec("m")); });
  EXPECT_EQ(Call("PredictionService/Regress", empty).status.message, "Input is empty.");
}

TEST_F(ServicesTest, MultiInferenceDoesAllTasksOfOneModel) {
  ASSERT_TRUE(Deploy(""));
  const auto request = [](const std::vector<std::pair<std::string, std::string>>& tasks) {
    return Message([&](pbf_writer& w) {
      for (const auto& [spec, method] : tasks) {
        pbf_writer task(w, 1);
        task.add_message(1, spec);
        task.add_string(2, method);
      }
      w.add_message(2, Examples(4));
    });
  };
  const std::string classify = "tensorflow/serving/classify";
  const std::string regress = "tensorflow/serving/regress";
  const Answer both =
      Call("PredictionService/MultiInference",
           request({{Spec("m", "classification"), classify}, {Spec("m", "regression"), regress}}));
  ASSERT_EQ(both.status.code, 0) << both.status.message;
  EXPECT_EQ(FloatOf(At(both.message, {1, 3, 1}), 1), 8);
  EXPECT_EQ(At(both.message, {1, 1, 3}), "regression");
  const auto refused = [&](const std::string& message) {
    return Call("PredictionService/MultiInference", message).status.message;
  };
  EXPECT_EQ(refused(request({{Spec("m"), classify}, {Spec("m"), regress}})),
            "Duplicate evaluation of signature: serving_default");
  EXPECT_EQ(refused(request({{Spec("m"), classify}, {Spec("n", "q"), regress}})),
            "All ModelSpecs in a MultiInferenceRequest must access the same model name.");
  EXPECT_EQ(refused(request({{Spec(""), classify}})), "Found ModelSpec with an empty model name.");
  EXPECT_EQ(refused(request({{Spec("m"), "x"}})), "Unsupported signature method_name: x");
  EXPECT_EQ(refused(request({{Spec("m", "regression"), classify}, {Spec("m"), regress}})),
            "Requested signature not found in model graph: regression");
}

TEST_F(ServicesTest, MetadataHoldsTheSignatures) {
  ASSERT_TRUE(Deploy(""));
  const auto request = [](const std::string& field) {
    return Message([&](pbf_writer& w) {
      w.add_message(1, Spec("m"));
      if (!field.empty()) w.add_string(2, field);
    });
  };
  const Answer answer = Call("PredictionService/GetModelMetadata", request("signature_def"));
  ASSERT_EQ(answer.status.code, 0) << answer.status.message;
  EXPECT_EQ(At(answer.message, {2, 1}), "signature_def");
  EXPECT_EQ(At(answer.message, {2, 2, 1}),
            "type.googleapis.com/tensorflow.serving.SignatureDefMap");
  EXPECT_EQ(At(answer.message, {2, 2, 2, 1, 2, 1, 1}), "x");
  const auto refused = [&](const std::string& message) {
    return Call("PredictionService/GetModelMetadata", message).status.message;
  };
  EXPECT_EQ(refused(request("")),
            "GetModelMetadataRequest must specify at least one metadata_field");
  EXPECT_EQ(refused(request("x")), "Metadata field x is not supported");
  EXPECT_EQ(refused(""), "Missing ModelSpec");
}

TEST_F(ServicesTest, StatusTellsOfEveryVersion) {
  ASSERT_TRUE(Deploy(""));
  const Answer answer = Call("ModelService/GetModelStatus",
                             Message([](pbf_writer& w) { w.add_message(1, Spec("m")); }));
  ASSERT_EQ(answer.status.code, 0) << answer.status.message;
  const std::string version = At(answer.message, {1});
  pbf_reader reader(version);
  ASSERT_TRUE(reader.next(1));
  EXPECT_EQ(reader.get_int64(), 1);
  ASSERT_TRUE(reader.next(2));
  EXPECT_EQ(reader.get_enum(), 30);
  const Answer none = Call("ModelService/GetModelStatus",
                           Message([](pbf_writer& w) { w.add_message(1, Spec("none")); }));
  EXPECT_EQ(none.status.code, 5);
  EXPECT_EQ(none.status.message, "Could not find any versions of model none");
  EXPECT_EQ(Call("ModelService/GetModelStatus", "").status.message, "Missing ModelSpec");
}

}  // namespace
}  // namespace plinth::api::tfserving
