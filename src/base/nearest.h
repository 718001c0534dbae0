// What the user probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace plinth {

// The one of `known` that takes the fewest edits (insert, delete, replace a character; case
// differences are free) to become `word`; empty if even that is more than a third of the longer
// word, and no typo. Looks at the first 64 characters only.
std::string_view NearestOf(std::string_view word, std::span<const std::string_view> known);

// For the end of a message: "; did you mean 'x'?", or "" if nothing known is near.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> known);

}  // namespace plinth
