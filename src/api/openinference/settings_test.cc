#include "api/openinference/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"

namespace plinth::api::openinference {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LogSettingsTest : public testing::Test {
 protected:
  LogSettingsTest() { SetLogLevel(LogLevel::kInfo); }
  ~LogSettingsTest() override { SetLogLevel(LogLevel::kInfo); }

  // What holds after the change, as JSON; or the error's text.
  std::string After(std::string_view json) {
    const auto changes = DecodeLogSettings(json);
    if (!changes) return changes.error().message;
    const auto settings = settings_.Update(*changes);
    return settings ? EncodeLogSettings(*settings) : settings.error().message;
  }

  LogSettings settings_;
};

TEST_F(LogSettingsTest, TellsWhatIsSet) {
  EXPECT_EQ(After(""), R"({"log_error":true,"log_file":"","log_format":"default","log_info":true,)"
                       R"("log_verbose_level":0,"log_warning":true})");
}

TEST_F(LogSettingsTest, TakesEffect) {
  After(R"({"log_info": false, "log_verbose_level": 1, "log_error": null})");
  EXPECT_FALSE(IsLogged(LogLevel::kInfo));
  EXPECT_TRUE(IsLogged(LogLevel::kDebug));
  EXPECT_TRUE(IsLogged(LogLevel::kWarning));
  EXPECT_TRUE(IsLogged(LogLevel::kError));
  EXPECT_THAT(After(R"({"log_verbose_level": 0, "log_format": "ISO8601"})"),
              HasSubstr(R"("log_format":"ISO8601")"));
  EXPECT_FALSE(IsLogged(LogLevel::kDebug));
}

TEST_F(LogSettingsTest, WhatIsWrongChangesNothing) {
  EXPECT_EQ(After(R"({"log_info": false, "log_warning": 1})"), "expect boolean for 'log_warning'");
  EXPECT_TRUE(IsLogged(LogLevel::kInfo));
  EXPECT_EQ(After(R"({"log_file": "x"})"),
            "log file location can not be updated through network protocol");
  EXPECT_THAT(After(R"({"log_format": "mine"})"), HasSubstr("'default' or 'ISO8601'"));
  EXPECT_THAT(After(R"({"log_everything": true})"), HasSubstr("unknown log setting"));
  EXPECT_THAT(After(R"([])"), HasSubstr("object"));
  EXPECT_THAT(After(R"({"log_verbose_level": -1})"), HasSubstr("log_verbose_level"));
}

class TraceSettingsTest : public testing::Test {
 protected:
  std::string After(std::string_view model, std::string_view json) {
    const auto changes = DecodeTraceSettings(json);
    if (!changes) return changes.error().message;
    const auto settings = settings_.Update(model, *changes);
    return settings ? EncodeTraceSettings(*settings) : settings.error().message;
  }

  TraceSettings settings_;
};

TEST_F(TraceSettingsTest, TellsWhatIsSet) {
  EXPECT_EQ(After("", ""),
            R"({"log_frequency":"0","trace_count":"-1","trace_file":"","trace_level":["OFF"],)"
            R"("trace_mode":"triton","trace_rate":"1000"})");
}

TEST_F(TraceSettingsTest, ModelsHaveTheirOwn) {
  After("", R"({"trace_rate": "7"})");
  EXPECT_THAT(After("m", R"({"trace_level": ["TIMESTAMPS", "TENSORS"]})"),
              testing::AllOf(HasSubstr(R"("trace_level":["TIMESTAMPS","TENSORS"])"),
                             HasSubstr(R"("trace_rate":"7")")));
  EXPECT_THAT(After("", ""), HasSubstr(R"("trace_level":["OFF"])"));
  // null: back to what holds for all.
  EXPECT_THAT(After("m", R"({"trace_level": null})"), HasSubstr(R"("trace_level":["OFF"])"));
  EXPECT_THAT(After("", R"({"trace_rate": null})"), HasSubstr(R"("trace_rate":"1000")"));
}

TEST_F(TraceSettingsTest, WhatIsWrongChangesNothing) {
  EXPECT_THAT(After("", R"({"trace_rate": "5", "trace_level": "LOUD"})"),
              HasSubstr("invalid value 'LOUD' for trace setting 'trace_level'"));
  EXPECT_THAT(After("", ""), HasSubstr(R"("trace_rate":"1000")"));
  EXPECT_THAT(After("", R"({"trace_level": ["OFF", "TENSORS"]})"), HasSubstr("OFF alone"));
  EXPECT_THAT(After("", R"({"trace_rate": "-1"})"), HasSubstr("a number"));
  EXPECT_THAT(After("", R"({"trace_rate": ["1", "2"]})"), HasSubstr("one value"));
  EXPECT_THAT(After("", R"({"trace_file": "x"})"), HasSubstr("can not be updated"));
  EXPECT_THAT(After("", R"({"trace": "x"})"), HasSubstr("unknown trace setting 'trace'"));
}

}  // namespace
}  // namespace plinth::api::openinference
