// The Prometheus text format, version 0.0.4.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/metrics.h"

namespace plinth::telemetry {

// What stands between a series' braces: a="x",b="y", with the values escaped. There may be fewer
// values than labels.
std::string LabelText(std::span<const std::string_view> labels,
                      std::initializer_list<std::string_view> values);

// Appends the "# HELP" and "# TYPE" lines.
void AppendHeader(std::string& text, std::string_view name, std::string_view help,
                  std::string_view type);
// Appends one sample; `labels` is a LabelText().
void AppendSample(std::string& text, std::string_view name, std::string_view labels, double value);

// Appends the samples of one child.
void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const Counter& counter);
void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const CounterSet& counters);
void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const Gauge& gauge);
void AppendSeries(std::string& text, std::string_view name, std::string_view labels,
                  const Histogram& histogram);

// Appends a metric without labels, its header included.
void AppendMetric(std::string& text, std::string_view name, std::string_view help,
                  std::string_view type, double value);

}  // namespace plinth::telemetry
