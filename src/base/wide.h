// Compiling a loop for several generations of processors, the widest that is at hand being chosen
// when the program starts.
//
//   PLINTH_WIDE void Scale(double* values, std::size_t n) { ... }
#pragma once

// Sanitizers instrument before the choice could be made, so they see the plain loop.
#if defined(__x86_64__) && !defined(PLINTH_SANITIZED)
#define PLINTH_WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define PLINTH_WIDE
#endif
