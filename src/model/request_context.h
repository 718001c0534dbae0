// What a client says of a request beside its tensors, for a model whose program looks at it.
#pragma once

#include <string>

namespace plinth {

struct RequestContext {
  std::string id{};          // as the client calls the request; mostly empty
  std::string parameters{};  // text of a JSON object; empty: none
};

}  // namespace plinth
