#include "boosting/parse_number.h"

#include <charconv>
#include <limits>

namespace plinth::sklearn {

bool ParseNumber(std::string_view text, double& number) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    // Too small or too large: the exponent's sign tells.
    const bool small = text.contains("e-") || text.contains("E-");
    number = small ? 0.0 : std::numeric_limits<double>::infinity();
    if (text.starts_with('-')) number = -number;
    return true;
  }
  return error == std::errc();
}

}  // namespace plinth::sklearn
