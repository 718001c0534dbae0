// Counters, gauges and histograms, and their Prometheus text.
//
// A Family is one metric name with its labels; its children, one for each set of label values, are
// shared pointers: whoever counts keeps one and touches only atomics. Removing a child takes it out
// of the text; those who still hold it count on harmlessly.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plinth::telemetry {

using LabelValues = std::vector<std::string>;

class Counter {
 public:
  void Add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Counts observations by size. Bounds are upper, inclusive, rising; +Inf is implied.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds);

  void Observe(double value);

  std::span<const double> bounds() const { return bounds_; }
  // How many observations fell at or under bounds()[i]; at i == bounds().size(): all.
  std::vector<std::uint64_t> Cumulative() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;  // one more than bounds_
  std::atomic<double> sum_{0};
};

// 50 us to 10 s, in seconds.
std::span<const double> LatencyBounds();
// 1 to 1024, in powers of two.
std::span<const double> SizeBounds();

// Something that can write itself as Prometheus text.
class Metric {
 public:
  virtual ~Metric() = default;
  virtual void Render(std::string& text) const = 0;
};

template <typename Child>
class Family final : public Metric {
 public:
  Family(std::string name, std::string help, std::vector<std::string> labels,
         std::function<std::shared_ptr<Child>()> make)
      : name_(std::move(name)),
        help_(std::move(help)),
        labels_(std::move(labels)),
        make_(std::move(make)) {}

  // The child of these label values, made on first use. Requires as many values as labels.
  std::shared_ptr<Child> At(const LabelValues& values) {
    const std::lock_guard lock(mutex_);
    auto& child = children_[values];
    if (child == nullptr) child = make_();
    return child;
  }

  // Takes out every child whose first label values are `prefix`.
  void Remove(const LabelValues& prefix) {
    const std::lock_guard lock(mutex_);
    std::erase_if(children_, [&prefix](const auto& entry) {
      return std::equal(prefix.begin(), prefix.end(), entry.first.begin());
    });
  }

  void Render(std::string& text) const override;

 private:
  const std::string name_;
  const std::string help_;
  const std::vector<std::string> labels_;
  const std::function<std::shared_ptr<Child>()> make_;
  mutable std::mutex mutex_;
  std::map<LabelValues, std::shared_ptr<Child>> children_;
};

template <>
void Family<Counter>::Render(std::string& text) const;
template <>
void Family<Histogram>::Render(std::string& text) const;

// Appends "# HELP" and "# TYPE" lines.
void RenderHeader(std::string& text, std::string_view name, std::string_view help,
                  std::string_view type);
// Appends one sample; `labels` and `values` in step, values escaped.
void RenderSample(std::string& text, std::string_view name, std::span<const std::string> labels,
                  std::span<const std::string> values, double value);

}  // namespace plinth::telemetry
