// What engines are told of the server's command line: by variables of the environment.
#pragma once

#include <string>
#include <vector>

namespace plinth::cli {

// Before any thread is started.
//   PLINTH_PYTHON      interpreters and virtual environments, divided by ':'; left as it is where
//                      `pythons` is empty
//   PLINTH_PYTHON_ENVIRONMENTS  where environments for models are made; left as it is where
//                      `environments` is empty
//   PLINTH_CODE_ROOTS  the folders whose models may be programs, one a line
void TellEngines(const std::vector<std::string>& pythons, const std::string& environments,
                 const std::vector<std::string>& code_roots);

}  // namespace plinth::cli
