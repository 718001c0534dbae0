// What a deployment asks of its Python.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/failure.h"
#include "common/signature.h"
#include "plinth/backend.h"

namespace plinth::python {

struct Settings {
  std::string name;         // the model and its version, for the log
  std::string path;         // of the model
  std::string folder;       // that it lies in, or is: where it runs
  std::string interpreter;  // the program
  bool embedded = false;    // it runs in the server's own process
  std::string script;       // what it runs: worker/main.py
  // The folder of environments for requirements.txt; empty: the model asks for none.
  std::string environments;
  std::size_t shared_half = 0;
  std::size_t memory_bytes = 0;  // 0: no bound
  std::chrono::milliseconds load_timeout{};
  // As the worker gets them.
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<kit::Spec> declared_inputs;
  std::vector<kit::Spec> declared_outputs;

  // INVALID_ARGUMENT: an option that is not known, or a value that is none; an interpreter that is
  // not allowed.
  static kit::Result<Settings> Read(const plinth_load_request& request);
};

}  // namespace plinth::python
