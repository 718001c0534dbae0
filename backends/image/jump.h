// The error handling of C libraries that leave by longjmp, made safe in C++.
#pragma once

#include <csetjmp>

namespace plinth::image {

// Runs `step`; false if it left by longjmp to `jump`. Neither `step` nor what it calls may own
// anything with a destructor: a jump would skip it. GCC and clang never put a function that calls
// setjmp into its caller, so no variable of the caller is in a register that the jump would undo.
template <typename Step>
[[nodiscard]] bool RunUntilJump(std::jmp_buf& jump, const Step& step) {
  if (setjmp(jump) != 0) return false;
  step();
  return true;
}

}  // namespace plinth::image
