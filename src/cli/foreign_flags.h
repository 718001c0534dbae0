// Flags of Triton's and TF Serving's servers that change nothing here, taken so that a command line
// that is there works as it is.
#pragma once

#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace plinth::cli {

// They are not shown in the help.
std::vector<const CLI::Option*> AddForeignFlags(CLI::App& app);

// Says of each that was given that it has no effect.
void WarnOfForeignFlags(const std::vector<const CLI::Option*>& flags);

}  // namespace plinth::cli
