// Which version a request is for, as it turns out while the request is read.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "model/signature.h"

namespace plinth::api {

// Signatures stay valid while the choice is.
class VersionChoice {
 public:
  virtual ~VersionChoice() = default;

  // A version that the request may be for: its inputs can be read by that one's signature as long
  // as the request has named none.
  virtual Result<const Signature*> Presumed() = 0;

  // The version that the request names; or the one that answers a request which names none and
  // whose sticky field, if it has it, is `key`. One of the two is called last, at most once for
  // each version.
  virtual Result<const Signature*> Named(std::string_view version) = 0;
  virtual Result<const Signature*> Routed(std::optional<std::string_view> key) = 0;

  // The field of the request that ties its sender to a version; empty if there is none.
  virtual std::string_view sticky_field() = 0;
};

}  // namespace plinth::api
