// Bytes compressed, for clients who ask for it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "base/buffer.h"
#include "net/inflater.h"

namespace plinth::net {

// The pieces, one behind the other, in a coding that is not identity, quickly rather than small.
// Nothing if that is not smaller than they are, or if there is no memory for it.
std::optional<std::string> Deflate(Coding coding, std::span<const Buffer> pieces);

}  // namespace plinth::net
