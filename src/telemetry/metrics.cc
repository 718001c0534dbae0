#include "telemetry/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace plinth::telemetry {
namespace {

constexpr std::array kLatencyBounds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
                                       0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
                                       0.5,     1.0,    2.5,     5.0,    10.0};
constexpr std::array kSizeBounds = {1.0,  2.0,   4.0,   8.0,   16.0,  32.0,
                                    64.0, 128.0, 256.0, 512.0, 1024.0};

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

std::string NumberText(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

}  // namespace

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()), counts_(bounds.size() + 1) {}

void Histogram::Observe(double value) {
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::vector<std::uint64_t> Histogram::Cumulative() const {
  std::vector<std::uint64_t> counts(counts_.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts_[i].load(std::memory_order_relaxed);
    counts[i] = total;
  }
  return counts;
}

std::span<const double> LatencyBounds() { return kLatencyBounds; }
std::span<const double> SizeBounds() { return kSizeBounds; }

void RenderHeader(std::string& text, std::string_view name, std::string_view help,
                  std::string_view type) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

void RenderSample(std::string& text, std::string_view name, std::span<const std::string> labels,
                  std::span<const std::string> values, double value) {
  text += name;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text += i == 0 ? "{" : ",";
    text += labels[i];
    text += "=\"";
    AppendEscaped(text, values[i]);
    text += '"';
  }
  if (!labels.empty()) text += '}';
  text += ' ';
  text += NumberText(value);
  text += '\n';
}

template <>
void Family<Counter>::Render(std::string& text) const {
  RenderHeader(text, name_, help_, "counter");
  const std::lock_guard lock(mutex_);
  for (const auto& [values, child] : children_) {
    RenderSample(text, name_, labels_, values, static_cast<double>(child->value()));
  }
}

template <>
void Family<Histogram>::Render(std::string& text) const {
  RenderHeader(text, name_, help_, "histogram");
  std::vector<std::string> labels = labels_;
  labels.emplace_back("le");
  const std::lock_guard lock(mutex_);
  for (const auto& [values, child] : children_) {
    const std::vector<std::uint64_t> counts = child->Cumulative();
    LabelValues with_bound = values;
    with_bound.emplace_back();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      with_bound.back() = i < child->bounds().size() ? NumberText(child->bounds()[i]) : "+Inf";
      RenderSample(text, name_ + "_bucket", labels, with_bound, static_cast<double>(counts[i]));
    }
    RenderSample(text, name_ + "_sum", labels_, values, child->sum());
    RenderSample(text, name_ + "_count", labels_, values, static_cast<double>(counts.back()));
  }
}

}  // namespace plinth::telemetry
