// On which line of a JSON text each of its keys stands.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace plinth {

// By the way to the key: "config.batch_size". Within arrays nothing is told. Requires text that is
// JSON of no more than a hundred levels; of other text the answer means nothing.
std::map<std::string, int, std::less<>> KeyLines(std::string_view json);

}  // namespace plinth
