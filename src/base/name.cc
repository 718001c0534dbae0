#include "base/name.h"

#include <algorithm>
#include <cctype>

namespace plinth {

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text.front() != '.' &&
         std::ranges::all_of(text, [](unsigned char c) {
           return (std::isalnum(c) != 0 && c < 128) || c == '_' || c == '.' || c == '-';
         });
}

}  // namespace plinth
