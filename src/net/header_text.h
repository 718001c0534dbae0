// Small text functions of the header syntax.
#pragma once

#include <algorithm>
#include <string_view>

namespace plinth::net {

// ASCII only, as in all that HTTP compares without regard to case.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace plinth::net
