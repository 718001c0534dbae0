// The functions of the host that plinth_worker.embedded is given when it starts:
//
//   log(name, text)                    lines for the server's log; bytes
//   begin_call(context, program, future, model, version, names, tensors, wanted, parts, in_parts,
//              id, parameters) -> bool asks another model; answered(program, future, ...) is called
//                                      with what it gives, and before it, if `in_parts` is not 0,
//                                      part_given(program, number, parts, tensors) with each answer
//                                      of a decoupled one. False: no call of the program's runs
//   respond(context, tensors, last) -> bool
//                                      one answer of a decoupled model. False: no other is wanted
//
// `context` is the program's CallContext; tensors are as in python_tensors.h.
#pragma once

#include "python/embedded/python_objects.h"

namespace plinth::python {

// A tuple of them; nullptr: Python has raised why not.
Ref HostFunctions();

}  // namespace plinth::python
