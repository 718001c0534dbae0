// What the test backend asks other models for.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "plinth/backend.h"

// Sums up what other models answer to `x`, all asked at once.
class CallsOfModels {
 public:
  // `streams`: decoupled models may give several answers, which all count.
  CallsOfModels(const plinth_host& host, const plinth_execute_request& request, bool streams)
      : host_(host), request_(request), streams_(streams) {}

  // Blocks until all have answered; adds to `sum`, which has as many numbers as x. False if one has
  // failed: error() is then the first's.
  bool Ask(const std::vector<std::string>& models, std::vector<float>& sum) {
    sum_ = &sum;
    missing_ = models.size();
    for (const std::string& model : models) {
      const plinth_output x{request_.inputs[0], nullptr, nullptr};
      const plinth_call call{sizeof(call),
                             request_.caller,
                             model.c_str(),
                             nullptr,
                             1,
                             &x,
                             0,
                             nullptr,
                             0,
                             Done,
                             this,
                             streams_ ? Part : nullptr,
                             nullptr,
                             nullptr};
      host_.call(&call);
    }
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [this] { return missing_ == 0; });
    return error_.empty();
  }

  const std::string& error() const { return error_; }

 private:
  static void Done(void* context, const plinth_call_result* result) {
    auto& self = *static_cast<CallsOfModels*>(context);
    const std::lock_guard lock(self.mutex_);
    if (result->status != PLINTH_OK && self.error_.empty()) {
      self.error_ = std::string(result->code) + ": " + result->message;
    }
    self.Add(*result);
    --self.missing_;
    self.answered_.notify_one();
  }

  static void Part(void* context, const plinth_call_result* result) {
    auto& self = *static_cast<CallsOfModels*>(context);
    const std::lock_guard lock(self.mutex_);
    self.Add(*result);
  }

  void Add(const plinth_call_result& result) {
    for (std::size_t i = 0; i < result.output_count; ++i) {
      const plinth_output& output = result.outputs[i];
      const auto* values = static_cast<const float*>(output.tensor.data);
      for (std::size_t k = 0; k < sum_->size(); ++k) (*sum_)[k] += values[k];
      if (output.release != nullptr) output.release(output.release_context);
    }
  }

  const plinth_host& host_;
  const plinth_execute_request& request_;
  const bool streams_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable answered_;
  std::vector<float>* sum_ = nullptr;
  std::size_t missing_ = 0;
  std::string error_;
};
