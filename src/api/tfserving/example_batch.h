// Examples (tensorflow.Example), put together to the inputs of a model.
//
// An example has features, each a name with a list of values; a feature becomes a row of the input
// of that name, and examples are stacked along the batch axis. Features that the model has no input
// for are ignored, as TensorFlow's own parser ignores them.
//
// Invariant: memory grows with the values that were added, and by at most kMostContextBytes for
// those of the context, which all examples share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth::api::tfserving {

class ExampleBatch {
 public:
  static constexpr std::size_t kMostContextBytes = std::size_t{64} << 20;

  // `signature` outlives the batch.
  explicit ExampleBatch(const Signature& signature);

  // A feature is begun, its values are added, and it is ended; then the next one, or EndExample().
  // INVALID_ARGUMENT for a second one of a name, a value that the input's type cannot hold, or a
  // number of values that is not a row's.
  Status BeginFeature(std::string_view name);
  Status AddFloat(double value);
  Status AddInteger(std::int64_t value);
  Status AddBytes(std::string_view value);
  Status EndFeature();

  // The features in between are those of all examples that do not have them themselves. Before the
  // first example.
  void BeginContext() { in_context_ = true; }
  void EndContext() { in_context_ = false; }

  // INVALID_ARGUMENT if a required input has no feature.
  Status EndExample();

  std::int64_t count() const { return examples_; }

  // The inputs. INVALID_ARGUMENT if there are several examples and the model takes one at a time.
  Result<std::vector<NamedTensor>> Finish();

 private:
  // Elements, one behind the other; of BYTES where each ends as well.
  struct Values {
    std::string bytes;
    std::vector<std::uint64_t> ends;
  };

  struct Column {
    const TensorSpec* spec;
    Values values{};
    Values context{};
    bool has_context = false;
    std::int64_t rows = 0;
    std::int64_t width = -1;  // values of a row; -1: not known yet
  };

  template <typename T>
  void Put(T value);
  Status Mismatch(DType given) const;
  Status CheckWidth(Column& column, std::int64_t count) const;
  Status AppendContext(Column& column);
  Result<Tensor> TensorOf(Column& column) const;

  std::vector<Column> columns_;  // as the signature's inputs
  Column* current_ = nullptr;    // nullptr: a feature that is ignored
  Values* target_ = nullptr;
  std::int64_t added_ = 0;  // values of the current feature
  bool in_context_ = false;
  std::int64_t examples_ = 0;
  std::size_t context_bytes_ = 0;
};

}  // namespace plinth::api::tfserving
