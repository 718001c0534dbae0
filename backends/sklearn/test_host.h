// The host's side of the C ABI, for tests: loads a model and turns outputs into vectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plinth/backend.h"

namespace plinth::sklearn {

// An output as vectors; which of them is filled depends on dtype.
struct TestOutput {
  plinth_dtype dtype = PLINTH_DTYPE_ANY;
  std::vector<std::int64_t> shape;
  std::vector<double> numbers;
  std::vector<std::int64_t> ints;
  std::vector<std::string> strings;

  // Adds rows of the same kind.
  void Append(const TestOutput& other);
};

class TestModel {
 public:
  using Options = std::vector<std::pair<std::string, std::string>>;

  // Loads; error() and status() tell how it went. Options with empty values are left out.
  explicit TestModel(const std::string& path, const Options& options = {},
                     std::int64_t declared_width = 0);
  ~TestModel();
  TestModel(const TestModel&) = delete;
  TestModel& operator=(const TestModel&) = delete;

  // "" after a success.
  const std::string& error() const { return error_; }
  plinth_status status() const { return status_; }
  const plinth_signature& signature() const { return *backend_->describe(model_); }

  // Runs the model for one output, by name; error() is set and the result is empty if that fails.
  TestOutput Execute(const std::vector<double>& x, const std::vector<std::int64_t>& shape,
                     const std::string& output);

  // The same with a tensor and outputs of the caller's.
  plinth_status Execute(const plinth_tensor& x, const std::vector<std::uint32_t>& wanted,
                        std::vector<plinth_output>& outputs);

  // The numbers of one output; nothing if the call fails. Keeps no state: safe from several
  // threads.
  std::optional<std::vector<double>> Numbers(const plinth_tensor& x, std::uint32_t output) const;

 private:
  const plinth_backend* backend_;
  plinth_model* model_ = nullptr;
  plinth_status status_ = PLINTH_OK;
  std::string error_;
};

// The backend's table.
const plinth_backend* TestBackend();

}  // namespace plinth::sklearn
