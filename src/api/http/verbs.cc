#include "api/http/verbs.h"

namespace plinth::api {

std::string_view NameOf(net::Verb verb) {
  switch (verb) {
    case net::Verb::kGet:
      return "GET";
    case net::Verb::kHead:
      return "HEAD";
    case net::Verb::kPost:
      return "POST";
    case net::Verb::kPut:
      return "PUT";
    case net::Verb::kDelete:
      return "DELETE";
    case net::Verb::kPatch:
      return "PATCH";
    case net::Verb::kOptions:
      return "OPTIONS";
    case net::Verb::kOther:
      break;
  }
  return "this method";
}

}  // namespace plinth::api
