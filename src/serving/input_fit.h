// Fits what a client gave to what a model takes, for inputs whose spec says `fitted`.
//
// Clients have numbers in whatever type their program happens to use, send columns as [n] or as
// [n, 1], and describe rows of a table by the names of its columns. Models whose files fix none of
// that (scikit-learn's: there X is "array-like") take all of it, and the value is the same.
#pragma once

#include <vector>

#include "base/status.h"
#include "model/signature.h"
#include "tensor/tensor.h"

namespace plinth {

// Whether elements of one type are converted to another: numbers and truth values to FP64.
bool Converts(DType from, DType to);

// Whether a shape is one that the spec admits but for dimensions of size 1 at its end.
bool FitsButForOnes(const TensorSpec& spec, const Shape& shape);

// The tensor with the spec's type and rank, where it can be given them; else as it was.
Tensor Fitted(const TensorSpec& spec, Tensor tensor);

// Where a request gives the columns of the only input: puts them together. INVALID_ARGUMENT for a
// column that is unknown, doubled, missing, or not of the others' length or of a number's type.
Status JoinColumns(const Signature& signature, std::vector<NamedTensor>& inputs);

}  // namespace plinth
