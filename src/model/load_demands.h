// What is asked of a load beside the model: that its signature is the one that was declared, and
// that it answers requests to warm up with. Configurations of other servers say such things.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/signature.h"
#include "tensor/dtype.h"

namespace plinth {

struct WarmupInput {
  enum class Data { kZeros, kRandom, kFile };

  std::string name{};
  DType dtype = DType::kFp32;
  std::vector<std::int64_t> shape{};  // of one row where the request has rows, else of all; no -1
  Data data = Data::kZeros;
  std::string file{};  // for kFile: the elements of one row, as they lie in memory; strings as a
                       // length of four bytes and the bytes
};

struct WarmupRequest {
  std::string name{};
  std::int64_t rows = 0;  // each input is repeated so often along a dimension in front; 0: none
  std::int64_t count = 1;
  std::vector<WarmupInput> inputs{};
};

struct LoadDemands {
  std::string declared_in{};  // the file that says so, for messages
  // What the model must take and give, perhaps among others. A dimension of -1, and a missing
  // shape, fit any.
  std::vector<TensorSpec> inputs{};
  std::vector<TensorSpec> outputs{};
  std::vector<WarmupRequest> warmup{};
};

}  // namespace plinth
