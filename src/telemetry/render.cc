#include "telemetry/render.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace plinth::telemetry {
namespace {

void AppendEscaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
}

// The shortest text that reads back as the same number.
void AppendNumber(std::string& text, double value) {
  if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char digits[32];  // the longest is 24
  text.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

// Appends name{labels,label="value"}: all of a sample but its number. `label` may be empty.
void AppendName(std::string& text, std::string_view name, std::string_view labels,
                std::string_view label = {}, std::string_view value = {}) {
  text += name;
  if (labels.empty() && label.empty()) return;
  text += '{';
  text += labels;
  if (!label.empty()) {
    if (!labels.empty()) text += ',';
    text += label;
    text += "=\"";
    text += value;
    text += '"';
  }
  text += '}';
}

void AppendCount(std::string& text, std::uint64_t count) {
  const fmt::format_int digits(count);
  text += ' ';
  text.append(digits.data(), digits.size());
  text += '\n';
}

}  // namespace

std::string LabelText(std::span<const std::string_view> labels,
                      std::initializer_list<std::string_view> values) {
  std::string text;
  std::size_t i = 0;
  for (const std::string_view value : values) {
    if (i > 0) text += ',';
    text += labels[i++];
    text += "=\"";
    AppendEscaped(text, value);
    text += '"';
  }
  return text;
}

void AppendHeader(std::string& text, std::string_view name, std::string_view help,
                  std::string_view type) {
  fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void AppendSample(std::string& text, std::string_view name, std::string_view labels, double value) {
  AppendName(text, name, labels);
  text += ' ';
  AppendNumber(text, value);
  text += '\n';
}

void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const Counter& counter) {
  AppendName(text, name, labels);
  AppendCount(text, counter.value());
}

void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const CounterSet& counters) {
  const FixedLabel& label = counters.label();
  for (std::size_t i = 0; i < label.values.size(); ++i) {
    const std::uint64_t count = counters.value(i);
    if (count == 0) continue;
    AppendName(text, name, labels, label.name, label.values[i]);
    AppendCount(text, count);
  }
}

void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const Gauge& gauge) {
  AppendSample(text, name, labels, gauge.value());
}

void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const Histogram& histogram) {
  const std::string bucket_name = fmt::format("{}_bucket", name);
  const std::vector<std::uint64_t> counts = histogram.Cumulative();
  std::string bound;
  const auto append = [&](std::size_t bucket) {
    bound.clear();
    AppendNumber(bound, histogram.buckets().bound(bucket));
    AppendName(text, bucket_name, labels, "le", bound);
    AppendCount(text, counts[bucket]);
  };
  const std::size_t parts = histogram.buckets().parts();
  for (std::size_t i = parts - 1; i + 1 < counts.size(); i += parts) append(i);
  append(counts.size() - 1);
  AppendSample(text, fmt::format("{}_sum", name), labels, histogram.sum());
  AppendName(text, fmt::format("{}_count", name), labels);
  AppendCount(text, counts.back());
}

void AppendMetric(std::string& text, std::string_view name, std::string_view help,
                  std::string_view type, double value) {
  AppendHeader(text, name, help, type);
  AppendSample(text, name, {}, value);
}

}  // namespace plinth::telemetry
