#include "pipeline/for_each_stage.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>

#include "pipeline/host.h"
#include "pipeline/take_output.h"
#include "tensor/concat.h"

namespace plinth::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

// The spec of all rows together, from that of one.
TensorSpec OfRows(TensorSpec spec, bool batched) {
  spec.batch_axis = -1;
  if (!spec.shape) return spec;
  if (batched && spec.shape->rank() > 0) {
    (*spec.shape)[0] = -1;
    return spec;
  }
  Shape rows{-1};
  for (const std::int64_t dim : spec.shape->dims()) {
    if (rows.rank() < Shape::kMaxRank) rows.Append(dim);
  }
  spec.shape = rows;
  return spec;
}

Shape WithoutFirst(const Shape& shape) { return Shape(shape.dims().subspan(1)); }

Shape WithFirst(std::int64_t first, const Shape& shape) {
  Shape with{first};
  for (const std::int64_t dim : shape.dims()) with.Append(dim);
  return with;
}

}  // namespace

// One run: rows are started in order, at most kAtOnce side by side.
class ForEachStage::Rows : public std::enable_shared_from_this<Rows> {
 public:
  Rows(std::shared_ptr<const ForEachStage> stage, std::vector<NamedTensor> inputs,
       std::vector<std::uint32_t> wanted, std::int64_t rows, const StageContext& context,
       ModelCallDone done)
      : stage_(std::move(stage)),
        inputs_(std::move(inputs)),
        wanted_(std::move(wanted)),
        context_(context),
        done_(std::move(done)),
        answers_(static_cast<std::size_t>(rows)) {}

  void Go() {
    const auto keep = shared_from_this();
    const Clock::time_point end = Clock::now() + kTurn;
    std::unique_lock lock(mutex_);
    if (std::exchange(starting_, true)) return;  // that thread goes on
    while (done_ && next_ < answers_.size() && running_ < kAtOnce) {
      const Clock::time_point now = Clock::now();
      if (now >= end) {
        starting_ = false;
        lock.unlock();  // a host may run it at once
        return context_.host->Post([keep] { keep->Go(); });
      }
      const std::size_t row = next_++;
      ++running_;
      lock.unlock();
      if (auto admitted = context_.Admit(now); !admitted) {
        Finish(row, Fail(std::move(admitted.error())));
      } else {
        StartRow(row);
      }
      lock.lock();
    }
    starting_ = false;
  }

 private:
  void StartRow(std::size_t row) {
    std::vector<NamedTensor> inputs = inputs_;
    for (NamedTensor& input : inputs) {
      if (!stage_->IsTaken(input.name)) continue;
      Tensor one = input.tensor.SliceRows(static_cast<std::int64_t>(row), 1);
      input.tensor = stage_->batched_ ? one : one.Reshape(WithoutFirst(one.shape()));
    }
    stage_->each_->Start(std::move(inputs), wanted_, context_,
                         [run = shared_from_this(), row](Result<ModelAnswer> answer) {
                           run->Finish(row, std::move(answer));
                         });
  }

  void Finish(std::size_t row, Result<ModelAnswer> answer) {
    ModelCallDone done;
    Status kept;
    {
      const std::lock_guard lock(mutex_);
      --running_;
      if (!done_) return;  // another row has failed
      kept = answer ? Keep(row, std::move(answer->outputs))
                    : Fail(answer.error().Annotate("row " + std::to_string(row)));
      if (!kept || ended_ == answers_.size()) done = std::exchange(done_, nullptr);
    }
    if (!done) return Go();
    done(kept ? JoinOrFail() : Fail(std::move(kept.error())));
  }

  // Requires mutex_.
  Status Keep(std::size_t row, std::vector<NamedTensor> outputs) {
    for (const NamedTensor& output : outputs) bytes_ += output.tensor.data().size();
    if (bytes_ > kMaxBytes) {
      return Fail(Code::kPayloadTooLarge, "its outputs for all rows have more than " +
                                              std::to_string(kMaxBytes) +
                                              " bytes together, which is the limit; send fewer "
                                              "rows at once");
    }
    answers_[row] = std::move(outputs);
    ++ended_;
    return {};
  }

  Result<ModelAnswer> JoinOrFail() {
    try {
      return Join();
    } catch (const std::bad_alloc&) {
      return Fail(Code::kOutOfMemory, "there is no memory to put the rows together");
    }
  }

  // No other thread is left.
  Result<ModelAnswer> Join() {
    ModelAnswer joined;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const std::string& name = stage_->signature().outputs[wanted_[i]].name;
      std::vector<Tensor> tensors;
      for (auto& outputs : answers_) {
        auto tensor = TakeOutput(outputs, name);
        if (!tensor) return Fail(std::move(tensor.error()));
        if (!stage_->batched_) {
          if (tensor->shape().rank() == Shape::kMaxRank) {
            return Fail(Code::kInvalidArgument,
                        "output '" + name + "' has too many dimensions for one more");
          }
          *tensor = tensor->Reshape(WithFirst(1, tensor->shape()));
        }
        tensors.push_back(*std::move(tensor));
      }
      std::vector<const Tensor*> parts;
      for (const Tensor& tensor : tensors) parts.push_back(&tensor);
      auto all = Concatenate(parts, 0);
      if (!all) return Fail(all.error().Annotate("output '" + name + "' of the rows"));
      joined.outputs.push_back({name, *std::move(all)});
    }
    return joined;
  }

  const std::shared_ptr<const ForEachStage> stage_;
  const std::vector<NamedTensor> inputs_;
  const std::vector<std::uint32_t> wanted_;
  const StageContext context_;

  std::mutex mutex_;    // guards what follows
  ModelCallDone done_;  // empty once it is called
  std::vector<std::vector<NamedTensor>> answers_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::size_t ended_ = 0;
  std::size_t bytes_ = 0;  // of answers_
  bool starting_ = false;  // a thread starts rows
};

bool ForEachStage::IsTaken(const std::string& port) const {
  return std::ranges::find(ports_, port) != ports_.end();
}

Result<StagePtr> ForEachStage::Make(StagePtr each, const std::vector<std::string>& ports,
                                    bool plain) {
  Signature signature = each->signature();
  bool batched = !plain;
  for (const std::string& port : ports) {
    const TensorSpec* input = signature.FindInput(port);
    if (input == nullptr) {
      return Fail(Code::kInvalidArgument, "\"for_each\" names '" + port + "', which is no input");
    }
    batched = batched && input->batch_axis == 0;
  }
  for (TensorSpec& input : signature.inputs) {
    if (std::ranges::find(ports, input.name) != ports.end()) {
      if (!batched && input.shape && input.shape->rank() == Shape::kMaxRank) {
        return Fail(Code::kInvalidArgument,
                    "input '" + input.name + "' has too many dimensions for \"for_each\"");
      }
      input = OfRows(std::move(input), batched);
    } else {
      input.batch_axis = -1;
    }
  }
  for (TensorSpec& output : signature.outputs) output = OfRows(std::move(output), batched);
  return std::make_shared<ForEachStage>(std::move(signature), std::move(each), ports, batched);
}

Result<std::int64_t> ForEachStage::CountRows(const std::vector<NamedTensor>& inputs) const {
  std::int64_t rows = -1;
  for (const NamedTensor& input : inputs) {
    if (!IsTaken(input.name)) continue;
    const Shape& shape = input.tensor.shape();
    if (shape.rank() == 0) {
      return Fail(Code::kInvalidArgument, "input '" + input.name + "' is a scalar, it has no rows");
    }
    if (rows >= 0 && shape[0] != rows) {
      return Fail(Code::kInvalidArgument,
                  "input '" + input.name + "' has " + std::to_string(shape[0]) +
                      " rows, the inputs before it have " + std::to_string(rows));
    }
    rows = shape[0];
  }
  if (rows < 0 || rows > kMaxRows) {
    return Fail(Code::kInvalidArgument,
                "there are " + std::to_string(std::max<std::int64_t>(rows, 0)) +
                    " rows to go through, expected 0 to " + std::to_string(kMaxRows));
  }
  return rows;
}

// Of no rows: as the outputs are declared, what is open is 0.
Result<ModelAnswer> ForEachStage::NoRows(const std::vector<std::uint32_t>& wanted) const {
  ModelAnswer answer;
  for (const std::uint32_t i : wanted) {
    const TensorSpec& spec = signature().outputs[i];
    if (spec.dtype == DType::kAny || !spec.shape) {
      return Fail(Code::kInvalidArgument,
                  "there are no rows to go through, and the type and shape "
                  "of output '" +
                      spec.name + "' show only with some");
    }
    Shape shape = *spec.shape;
    for (std::size_t d = 0; d < shape.rank(); ++d) shape[d] = std::max<std::int64_t>(shape[d], 0);
    if (spec.dtype == DType::kBytes) {
      answer.outputs.push_back({spec.name, Tensor::OfStrings(shape, {})});
      continue;
    }
    auto empty = Tensor::Allocate(spec.dtype, shape);
    if (!empty) return Fail(empty.error());
    answer.outputs.push_back({spec.name, *std::move(empty)});
  }
  return answer;
}

void ForEachStage::Start(std::vector<NamedTensor> inputs, std::vector<std::uint32_t> wanted,
                         const StageContext& context, ModelCallDone done) const {
  const auto rows = CountRows(inputs);
  if (!rows) return done(Fail(rows.error()));
  if (*rows == 0) return done(NoRows(wanted));
  std::make_shared<Rows>(std::static_pointer_cast<const ForEachStage>(shared_from_this()),
                         std::move(inputs), std::move(wanted), *rows, context, std::move(done))
      ->Go();
}

}  // namespace plinth::pipeline
