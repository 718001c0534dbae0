#include "common/backend_kit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace plinth::kit {
namespace {

using ::testing::HasSubstr;

TEST(GuardTest, TurnsFailuresAndExceptionsIntoStatusAndMessage) {
  EXPECT_EQ(Guard([]() -> Status { return {}; }), PLINTH_OK);
  EXPECT_EQ(Guard([]() -> Status { return Fail(PLINTH_INVALID_MODEL, "broken"); }),
            PLINTH_INVALID_MODEL);
  EXPECT_STREQ(LastError(), "broken");
  EXPECT_EQ(Guard([]() -> Status { throw std::runtime_error("boom"); }), PLINTH_INTERNAL);
  EXPECT_STREQ(LastError(), "boom");
  EXPECT_EQ(Guard([]() -> Status { throw std::bad_alloc(); }), PLINTH_RESOURCE_EXHAUSTED);
  EXPECT_EQ(Guard([]() -> Status { throw 1; }), PLINTH_INTERNAL);
}

plinth_load_request RequestWith(std::span<const plinth_option> options) {
  plinth_load_request request{};
  request.struct_size = sizeof(request);
  request.option_count = options.size();
  request.options = options.data();
  return request;
}

TEST(OptionsTest, ReadsWithLimits) {
  const std::array<plinth_option, 3> given{{{"threads", "4"}, {"mode", "fast"}, {"on", "true"}}};
  const auto options = Options::Read(RequestWith(given), {"threads", "mode", "on", "other"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->Number("threads", 1, 8, 1), 4);
  EXPECT_EQ(options->Number("other", 1, 8, 7), 7);
  EXPECT_FALSE(options->Number("threads", 5, 8, 5));
  EXPECT_FALSE(options->Number("mode", 1, 8, 1));
  EXPECT_EQ(options->Choice("mode", {"slow", "fast"}, "slow"), "fast");
  EXPECT_THAT(options->Choice("mode", {"slow", "exact"}, "slow").error().message,
              HasSubstr("slow, exact"));
  EXPECT_EQ(options->Flag("on", false), true);
  EXPECT_FALSE(options->Flag("mode", false));
}

TEST(OptionsTest, NamesTheKnownOnesForAnUnknown) {
  const std::array<plinth_option, 1> given{{{"thread", "4"}}};
  const auto options = Options::Read(RequestWith(given), {"threads", "mode"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().status, PLINTH_INVALID_ARGUMENT);
  EXPECT_THAT(options.error().message, HasSubstr("threads, mode"));
}

struct Counted {
  std::shared_ptr<int> alive;
};

TEST(OutputWriterTest, ReleasesWhatWasAddedUnlessCommitted) {
  const auto alive = std::make_shared<int>(0);
  std::array<plinth_output, 2> outputs{};
  plinth_execute_response response{sizeof(response), outputs.data()};
  const std::array<std::int64_t, 1> shape{1};
  {
    OutputWriter writer(&response);
    writer.Add("a", PLINTH_INT32, shape, alive.get(), sizeof(int), Counted{alive});
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
  {
    OutputWriter writer(&response);
    writer.Add("a", PLINTH_INT32, shape, alive.get(), sizeof(int), Counted{alive});
    writer.Commit();
  }
  EXPECT_EQ(alive.use_count(), 2);
  EXPECT_EQ(outputs[0].tensor.shape[0], 1);
  outputs[0].release(outputs[0].release_context);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(OutputWriterTest, KeepsShortStrings) {
  std::array<plinth_output, 1> outputs{};
  plinth_execute_response response{sizeof(response), outputs.data()};
  Strings strings;
  strings.Add("a");
  strings.Add("");
  strings.Add("bc");
  {
    OutputWriter writer(&response);
    writer.AddStrings("s", std::array<std::int64_t, 1>{3}, std::move(strings));
    writer.Commit();
  }
  EXPECT_EQ(StringAt(outputs[0].tensor, 0), "a");
  EXPECT_EQ(StringAt(outputs[0].tensor, 1), "");
  EXPECT_EQ(StringAt(outputs[0].tensor, 2), "bc");
  outputs[0].release(outputs[0].release_context);
}

TEST(SignatureTest, OpensTheBatchAxisOnlyIfAllVary) {
  std::vector<Spec> inputs{{"x", PLINTH_FP32, std::vector<std::int64_t>{-1, 4}}};
  std::vector<Spec> outputs{{"y", PLINTH_FP32, std::vector<std::int64_t>{-1}}};
  OpenBatchAxis(inputs, outputs);
  EXPECT_EQ(inputs[0].batch_axis, 0);
  EXPECT_EQ(outputs[0].batch_axis, 0);
  outputs.push_back({"n", PLINTH_INT64, std::vector<std::int64_t>{}});
  OpenBatchAxis(inputs, outputs);
  EXPECT_EQ(inputs[0].batch_axis, -1);
  EXPECT_EQ(outputs[0].batch_axis, -1);
}

TEST(SignatureTest, ViewsWhatItOwns) {
  const Signature signature({{"x", PLINTH_FP32, std::vector<std::int64_t>{-1, 4}, 0, true}},
                            {{"y", PLINTH_DTYPE_ANY, std::nullopt}}, {.concurrent = true});
  const plinth_signature* view = signature.view();
  ASSERT_EQ(view->input_count, 1u);
  EXPECT_STREQ(view->inputs[0].name, "x");
  EXPECT_EQ(view->inputs[0].rank, 2);
  EXPECT_EQ(view->inputs[0].shape[1], 4);
  EXPECT_EQ(view->inputs[0].optional, 1);
  EXPECT_EQ(view->outputs[0].rank, PLINTH_RANK_UNKNOWN);
  EXPECT_EQ(view->concurrent, 1);
  EXPECT_EQ(view->stateful, 0);
}

TEST(TensorsTest, CountsWithoutOverflow) {
  EXPECT_EQ(CountOf(std::array<std::int64_t, 2>{3, 4}), 12);
  EXPECT_EQ(CountOf(std::span<const std::int64_t>{}), 1);
  EXPECT_FALSE(CountOf(std::array<std::int64_t, 2>{INT64_MAX, 2}));
  EXPECT_FALSE(CountOf(std::array<std::int64_t, 1>{-1}));
}

// A host that wants the call to stop from the start on, and counts.
struct ImpatientHost {
  int asked = 0;
  int taken_back = 0;

  static void OnCancel(void* self, void (*stop)(void*), void* context) {
    auto* host = static_cast<ImpatientHost*>(self);
    if (stop == nullptr) {
      ++host->taken_back;
    } else {
      ++host->asked;
      stop(context);
    }
  }
};

TEST(StopperTest, HearsTheHostAndTakesItsWishBack) {
  ImpatientHost host;
  plinth_execute_request request{};
  request.struct_size = sizeof(request);
  request.on_cancel = ImpatientHost::OnCancel;
  request.cancel_context = &host;
  int stops = 0;
  {
    const Stopper stopper(request, [&] { ++stops; });
    EXPECT_TRUE(stopper.stopped());
    EXPECT_EQ(host.taken_back, 0);
  }
  EXPECT_EQ(stops, 1);
  EXPECT_EQ(host.asked, 1);
  EXPECT_EQ(host.taken_back, 1);
}

TEST(StopperTest, AsksNothingOfAHostThatDoesNotKnow) {
  ImpatientHost host;
  plinth_execute_request request{};
  request.struct_size = sizeof(request);
  {
    const Stopper nobody(request, [] { FAIL(); });
  }
  request.on_cancel = ImpatientHost::OnCancel;
  request.cancel_context = &host;
  request.struct_size = offsetof(plinth_execute_request, on_cancel);
  EXPECT_FALSE(MayBeStopped(request));
  {
    const Stopper older(request, [] { FAIL(); });
  }
  EXPECT_EQ(host.asked + host.taken_back, 0);
}

class Echo {
 public:
  static Result<std::unique_ptr<Echo>> Load(const plinth_load_request& request) {
    if (std::string_view(request.path) == "bad") return Fail(PLINTH_INVALID_MODEL, "bad path");
    return std::make_unique<Echo>();
  }
  const plinth_signature* signature() const { return signature_.view(); }
  Status Execute(const plinth_execute_request& request, OutputWriter& outputs) {
    const plinth_tensor* x = FindInput(request, "x");
    if (x == nullptr) return Fail(PLINTH_INVALID_ARGUMENT, "no x");
    outputs.AddVector<float>("y", PLINTH_FP32, ShapeOf(*x), {1.0F});
    return {};
  }

 private:
  Signature signature_{{{"x"}}, {{"y"}}, {.concurrent = true}};
};

TEST(TableTest, RunsAModelThroughItsLife) {
  const plinth_backend table =
      TableOf<Echo>("echo", "1", nullptr, "echo", [](const char*) -> int32_t { return 1; });
  EXPECT_EQ(table.warm, nullptr);
  plinth_load_request load{};
  load.path = "bad";
  plinth_model* model = nullptr;
  EXPECT_EQ(table.load(&load, &model), PLINTH_INVALID_MODEL);
  EXPECT_EQ(model, nullptr);
  load.path = "good";
  ASSERT_EQ(table.load(&load, &model), PLINTH_OK);
  EXPECT_EQ(table.describe(model)->input_count, 1u);
  const std::int64_t dim = 1;
  const plinth_tensor x{"x", PLINTH_FP32, 1, &dim, nullptr, 0, nullptr};
  const std::uint32_t wanted = 0;
  plinth_execute_request request{};
  request.struct_size = sizeof(request);
  request.input_count = 1;
  request.inputs = &x;
  request.output_count = 1;
  request.outputs = &wanted;
  plinth_output output{};
  plinth_execute_response response{sizeof(response), &output};
  ASSERT_EQ(table.execute(model, &request, &response), PLINTH_OK);
  EXPECT_EQ(static_cast<const float*>(output.tensor.data)[0], 1.0F);
  output.release(output.release_context);
  request.input_count = 0;
  EXPECT_EQ(table.execute(model, &request, &response), PLINTH_INVALID_ARGUMENT);
  EXPECT_STREQ(table.last_error(), "no x");
  table.unload(model);
}

}  // namespace
}  // namespace plinth::kit
