// Where JavaScriptCore's context groups are made.
#pragma once

#include <JavaScriptCore/JavaScript.h>

namespace plinth::javascript {

// A group, to be released by JSContextGroupRelease() on any thread.
//
// The library gives the thread that makes a group an event loop, with a file of its own, and frees
// neither when the thread ends. So one thread makes all groups of the process, and never ends.
// Throws std::system_error if it cannot be started.
JSContextGroupRef MakeContextGroup();

}  // namespace plinth::javascript
