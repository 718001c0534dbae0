// Times for people and for other programs.
#pragma once

#include <cstdint>
#include <string>

namespace plinth {

// Milliseconds since 1970, now.
std::int64_t NowMs();

// "2026-11-27T02:40:00.123Z" of milliseconds since 1970.
std::string UtcTime(std::int64_t ms);

}  // namespace plinth
