// A step that is run once for each row of some of its inputs, its outputs put together again.
//
// Rows are taken along the first axis. Where the step's own input has a batch axis there it gets
// one row at a time, [1, ...], and its outputs are put one behind the other; else it gets the row
// itself, and its outputs are stacked.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/stage.h"

namespace plinth::pipeline {

class ForEachStage final : public Stage {
 public:
  static constexpr std::int64_t kMaxRows = 65'536;
  static constexpr std::size_t kAtOnce = 32;                      // rows that run side by side
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // of the outputs of all rows

  // `plain`: it gets rows themselves, whatever its signature says of batches. INVALID_ARGUMENT if
  // a port is none of the step's inputs, or its rank leaves no room for rows.
  static Result<StagePtr> Make(StagePtr each, const std::vector<std::string>& ports, bool plain);

  ForEachStage(Signature signature, StagePtr each, std::vector<std::string> ports, bool batched)
      : Stage(std::move(signature)),
        each_(std::move(each)),
        ports_(std::move(ports)),
        batched_(batched) {}

  std::string_view model() const override { return each_->model(); }
  void Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
             const StageContext& context, ModelCallDone done) const override;

 private:
  class Rows;

  Result<std::int64_t> CountRows(const std::vector<NamedTensor>& inputs) const;
  Result<ModelAnswer> NoRows(const std::vector<std::uint32_t>& wanted) const;
  bool IsTaken(const std::string& port) const;

  const StagePtr each_;
  const std::vector<std::string> ports_;
  const bool batched_;  // the step takes [1, ...]
};

}  // namespace plinth::pipeline
