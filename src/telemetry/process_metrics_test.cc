#include "telemetry/process_metrics.h"

#include <charconv>
#include <ctime>
#include <fstream>
#include <future>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plinth::telemetry {
namespace {

using testing::HasSubstr;

// As Linux 6.18 writes it, with a name made to confuse.
constexpr std::string_view kStat =
    "4242 (a) R (b c) S 1 4242 4242 0 -1 4194560 1000 0 0 0 17 5 0 0 20 0 9 0 123456 987654321 "
    "4321 "
    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ProcessStatTest, FieldsAreFoundBehindAnyName) {
  const auto stat = ParseProcessStat(kStat);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->threads, 9);
  EXPECT_EQ(stat->start_ticks, 123'456u);
  EXPECT_EQ(stat->virtual_bytes, 987'654'321u);
  EXPECT_EQ(stat->resident_pages, 4'321u);
}

TEST(ProcessStatTest, WhatIsNotAStatIsRefused) {
  EXPECT_FALSE(ParseProcessStat(""));
  EXPECT_FALSE(ParseProcessStat("1 (a"));
  EXPECT_FALSE(ParseProcessStat("1 (a) S 1 2 3"));
  std::string broken(kStat);
  broken.replace(broken.find("123456"), 6, "nobody");
  EXPECT_FALSE(ParseProcessStat(broken));
}

double ValueOf(const std::string& text, const std::string& name) {
  const auto at = text.find(fmt::format("\n{} ", name));
  EXPECT_NE(at, std::string::npos) << name;
  double value = -1;
  if (at != std::string::npos) {
    const char* const begin = text.data() + at + name.size() + 2;
    std::from_chars(begin, text.data() + text.size(), value);
  }
  return value;
}

TEST(ProcessMetricsTest, AreThisProcess) {
  std::string text;
  AppendProcessMetrics(text);
  EXPECT_GE(ValueOf(text, "process_cpu_seconds_total"), 0);
  EXPECT_GT(ValueOf(text, "process_resident_memory_bytes"), 100'000);
  EXPECT_GT(ValueOf(text, "process_virtual_memory_bytes"),
            ValueOf(text, "process_resident_memory_bytes"));
  EXPECT_GE(ValueOf(text, "process_threads"), 1);
  EXPECT_GE(ValueOf(text, "process_open_fds"), 3);
  EXPECT_GT(ValueOf(text, "process_max_fds"), ValueOf(text, "process_open_fds"));
  // A clock may have been set since the boot, but not by a year.
  EXPECT_NEAR(ValueOf(text, "process_start_time_seconds"), static_cast<double>(std::time(nullptr)),
              365.0 * 24 * 3600);
  EXPECT_THAT(text, HasSubstr("# TYPE process_cpu_seconds_total counter\n"));
}

TEST(ProcessMetricsTest, ThreadsAndFilesAreCounted) {
  std::string before;
  AppendProcessMetrics(before);
  std::promise<void> end;
  const std::jthread waiting([&] { end.get_future().wait(); });
  const std::ifstream file("/proc/self/stat");
  std::string after;
  AppendProcessMetrics(after);
  end.set_value();
  EXPECT_GE(ValueOf(after, "process_threads"),
            2);  // a thread of another test may be on its way out
  EXPECT_EQ(ValueOf(after, "process_open_fds"), ValueOf(before, "process_open_fds") + 1);
}

}  // namespace
}  // namespace plinth::telemetry
