// Metrics under their names and labels.
//
// A Family is one metric name; its children, one for each set of label values, are shared
// pointers: whoever counts keeps one and touches only atomics. Removing a child takes it out of
// the text; those who still hold it count on harmlessly.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/render.h"

namespace plinth::telemetry {

// What all families have in common.
class MetricFamily {
 public:
  using Values = std::initializer_list<std::string_view>;

  virtual ~MetricFamily() = default;
  // Appends the Prometheus text of all children.
  virtual void Render(std::string& text) const = 0;
  // Takes out every child whose first label values are these.
  virtual void Remove(Values first) = 0;
};

template <typename Child>
class Family final : public MetricFamily {
 public:
  using Make = std::function<std::shared_ptr<Child>()>;

  // Name, help and labels outlive the family: they are literals.
  Family(std::string_view name, std::string_view help, std::vector<std::string_view> labels,
         Make make = std::make_shared<Child>)
      : name_(name), help_(help), labels_(std::move(labels)), make_(std::move(make)) {}

  // The child of these label values, made on first use. Requires as many values as labels.
  std::shared_ptr<Child> At(Values values) {
    std::string key = LabelText(labels_, values);
    const std::lock_guard lock(mutex_);
    auto& child = children_[std::move(key)];
    if (child == nullptr) child = make_();
    return child;
  }

  // The child of these label values, or nullptr.
  std::shared_ptr<Child> Find(Values values) const {
    const std::string key = LabelText(labels_, values);
    const std::lock_guard lock(mutex_);
    const auto child = children_.find(key);
    return child == children_.end() ? nullptr : child->second;
  }

  void Remove(Values first) override {
    if (first.size() > labels_.size()) return;
    const std::string key = LabelText(labels_, first);
    const std::lock_guard lock(mutex_);
    // Quotes within values are escaped: what begins with the key and a comma has further labels.
    std::erase_if(children_, [&](const auto& entry) {
      return entry.first.starts_with(key) &&
             (entry.first.size() == key.size() || entry.first[key.size()] == ',');
    });
  }

  void Render(std::string& text) const override {
    const std::lock_guard lock(mutex_);
    AppendHeader(text, name_, help_, Child::kType);
    for (const auto& [labels, child] : children_) AppendSeries(text, name_, labels, *child);
  }

 private:
  const std::string_view name_;
  const std::string_view help_;
  const std::vector<std::string_view> labels_;
  const Make make_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Child>> children_;  // by their LabelText()
};

}  // namespace plinth::telemetry
