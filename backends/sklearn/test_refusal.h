// For tests of models that are refused.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "model.h"

namespace plinth::sklearn {

// Why the model in a pickle, which lacks its STOP, cannot be read: INVALID_MODEL is expected. Empty
// if it can be read. `width` is what the request declares of X; 0: nothing.
inline std::string ErrorOf(const std::string& pickle, std::size_t width = 0) {
  const auto model = Model::Parse(pickle + ".", {.method = "", .width = width});
  if (model) return "";
  EXPECT_EQ(model.error().code, Code::kInvalidModel);
  return model.error().message;
}

}  // namespace plinth::sklearn
