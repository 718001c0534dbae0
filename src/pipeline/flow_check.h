// Whether what flows from one place to another fits there.
#pragma once

#include <string>

#include "base/status.h"
#include "model/signature.h"

namespace plinth::pipeline {

// What a tensor must be converted to on its way, kAny: nothing. INVALID_ARGUMENT names both ends,
// what is given and what is expected. What only shows at run time is let through.
Result<DType> CheckFlow(const TensorSpec& from, const std::string& from_title, const TensorSpec& to,
                        const std::string& to_title);

// "FP32 [-1,64]", for messages.
std::string Shown(const TensorSpec& spec);

// Whether tensors of both shapes may be of one: -1 is any size.
bool MayBeEqual(const Shape& a, const Shape& b);

// What both of them are: of an input of the pipeline that several steps take. Nothing if there is
// no such thing.
void NarrowTo(TensorSpec& spec, const TensorSpec& other);

}  // namespace plinth::pipeline
