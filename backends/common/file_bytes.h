// Whole files in memory: what a model computes with must not lie in a mapped file, which somebody
// may write over or cut short while the model serves.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>

#include "common/failure.h"

namespace plinth::kit {

struct FileBytes {
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<void, Free> data;
  std::size_t size = 0;
};

// NOT_FOUND if it cannot be opened, INVALID_MODEL if it cannot be read or is no regular file.
Result<FileBytes> ReadFile(const std::string& path);

}  // namespace plinth::kit
