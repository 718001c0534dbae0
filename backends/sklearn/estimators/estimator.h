// A fitted estimator as an operator: a batch of rows in, numbers out. Immutable after it was read,
// so any number of threads may run it at once.
//
// Which outputs there are is said by its traits. An estimator fills what the caller gave room for
// and computes shared parts once.
//
// Most estimators take dense rows and override Run() alone. Others:
//   - those that hand their input on to other estimators (meta-estimators), and those that take
//     tables, are BatchEstimators, which override RunBatch(), so that sparse rows and strings
//     arrive where they are wanted;
//   - those that gain from sparse rows override RunSparse() and set traits.takes_sparse;
//   - transformers with sparse answers are SparseTransformers, which override TransformSparse();
//   - transformers that give strings override TransformTable() and set traits.output_types.
#pragma once

#include <memory>

#include "base/status.h"
#include "estimators/batch.h"
#include "estimators/traits.h"
#include "numeric/linear_algebra.h"
#include "numeric/scratch.h"
#include "numeric/sparse.h"

namespace plinth::sklearn {

class Estimator {
 public:
  explicit Estimator(Traits traits);
  virtual ~Estimator() = default;
  Estimator(const Estimator&) = delete;
  Estimator& operator=(const Estimator&) = delete;

  const Traits& traits() const { return traits_; }

  // Requires rows.width == traits().inputs. INVALID_ARGUMENT for values that scikit-learn would
  // refuse.
  virtual Status Run(Rows rows, const Outputs& out, Scratch& scratch) const = 0;

  // The same for sparse rows. Makes them dense and calls Run() unless it is overridden.
  virtual Status RunSparse(const SparseRows& rows, const Outputs& out, Scratch& scratch) const;

  // The same for any batch of traits().inputs columns, whose types are traits().input_types. Calls
  // RunSparse() for sparse rows, and Run() for all else, unless it is overridden.
  virtual Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const;

  // What transforms: appends what it gives, one row for each of the batch's.
  virtual Status TransformSparse(const Batch& batch, SparseMatrix& out, Scratch& scratch) const;

  // What transforms: what it gives as a table in the frame's memory. Its strings are the batch's or
  // the estimator's own.
  virtual Result<Table> TransformTable(const Batch& batch, Scratch::Frame& frame) const;

  // What transforms: what it gives, in whatever form suits it, in the frame's memory.
  virtual Result<Batch> Transform(const Batch& batch, Scratch::Frame& frame) const;

 protected:
  // What transforms: what it gives as dense numbers in the frame's memory.
  Result<Rows> TransformDense(const Batch& batch, Scratch::Frame& frame) const;

  // The error that scikit-learn raises for NaN or infinity in X, saying where.
  Status CheckFinite(Rows rows, bool allow_nan = false) const;
  Status CheckFinite(const SparseRows& rows, bool allow_nan = false) const;

 private:
  Traits traits_;
};

// An estimator that takes batches as they come: RunBatch() is all that it computes.
class BatchEstimator : public Estimator {
 public:
  using Estimator::Estimator;

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const final {
    return RunBatch(Batch(rows), out, scratch);
  }
  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override = 0;
};

// A transformer whose answers are sparse: TransformSparse() is all that it computes.
class SparseTransformer : public Estimator {
 public:
  explicit SparseTransformer(Traits traits);

  Status Run(Rows rows, const Outputs& out, Scratch& scratch) const override;
  Status RunBatch(const Batch& batch, const Outputs& out, Scratch& scratch) const override;
  Status TransformSparse(const Batch& batch, SparseMatrix& out,
                         Scratch& scratch) const override = 0;
};

using EstimatorPtr = std::unique_ptr<const Estimator>;

}  // namespace plinth::sklearn
