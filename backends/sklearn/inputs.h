// A request's inputs as the batch that an estimator takes.
//
// A model of numbers takes one input, X [n, columns]. A model of strings takes X as BYTES: [n] for
// texts, else [n, columns]. Where columns differ, or have been asked for, each is an input of its
// own, [n], under the name that it had at fit(), or x0, x1, ... A missing string is the one byte 0,
// a missing number NaN. The host fits what clients give to these types and shapes, and puts X
// together where it comes by columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "estimators/batch.h"
#include "estimators/traits.h"
#include "plinth/backend.h"

namespace plinth::sklearn {

// How a missing string travels.
inline constexpr std::string_view kMissingText("\0", 1);

class InputReader {
 public:
  // `traits` must outlive this. `by_column`: each column an input of its own in any case.
  InputReader(const Traits& traits, bool by_column);
  InputReader(const InputReader&) = delete;
  InputReader& operator=(const InputReader&) = delete;

  std::span<const plinth_tensor_spec> specs() const { return specs_; }

  // One flag for each of specs(), set: of every input something may be missing, and each is fitted.
  std::span<const std::uint8_t> flags() const { return flags_; }

  // The names of X's columns, if it is numbers and they have names.
  std::span<const char* const> columns() const { return columns_; }
  // One flag for each of columns(): nothing looks at it.
  std::span<const std::uint8_t> unused() const { return unused_; }

  // The batch, in the tensors' and the frame's memory. INVALID_ARGUMENT for inputs that are not as
  // specs() say.
  Result<Batch> Read(std::span<const plinth_tensor> inputs, Scratch::Frame& frame) const;

 private:
  Result<Batch> ReadNumbers(const plinth_tensor& x) const;
  Result<Batch> ReadTexts(const plinth_tensor& x, Scratch::Frame& frame) const;
  Result<Batch> ReadColumns(std::span<const plinth_tensor> inputs, Scratch::Frame& frame) const;

  enum class Form : std::uint8_t { kNumbers, kTexts, kColumns };

  const Traits& traits_;
  Form form_ = Form::kNumbers;
  std::vector<std::string> names_;
  std::vector<std::int64_t> shapes_;  // two numbers an input
  std::vector<plinth_tensor_spec> specs_;
  std::vector<std::uint8_t> flags_;
  std::vector<const char*> columns_;
  std::vector<std::uint8_t> unused_;
};

}  // namespace plinth::sklearn
