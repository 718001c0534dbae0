// Which Python runs a model.
//
// An interpreter is a program, so a request may not name any: only those that the server was
// started with (--python, which reaches us in PLINTH_PYTHON), and those in folders that may hold
// code (--allow-code, in PLINTH_CODE_ROOTS), where virtual environments lie.
#pragma once

#include <string>

#include "common/failure.h"

namespace plinth::python {

// The path of the program. `asked` is an interpreter or the folder of a virtual environment,
// absolute or relative to the model's folder; empty: the first of --python, else python3 of PATH.
// INVALID_ARGUMENT: it is not there or not allowed; UNAVAILABLE: there is no Python at all.
kit::Result<std::string> FindInterpreter(const std::string& asked, const std::string& folder);

}  // namespace plinth::python
