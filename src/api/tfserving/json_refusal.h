// Why a JSON body is refused, in TF Serving's words.
//
// The decoders read in one pass and tell that something is wrong; what TF Serving says of it
// follows from its own order of checks over the whole document. So a refused body is looked at once
// more here, if it is not large. Both give nothing for a body that is too large or nested too
// deeply, or that TF Serving would take: then the decoder's own error stands.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "model/signature.h"

namespace plinth::api::tfserving {

// INVALID_ARGUMENT. `has_signature` as in DecodePredictJson().
std::optional<Error> ExplainPredictRefusal(
    std::string_view body, const Signature& signature,
    const std::function<bool(std::string_view)>& has_signature);

// Of a body for :classify and :regress.
std::optional<Error> ExplainExamplesRefusal(std::string_view body);

// INVALID_ARGUMENT: "Serving signature name: "x" not found in signature def".
Error NoSuchSignature(std::string_view name);

}  // namespace plinth::api::tfserving
