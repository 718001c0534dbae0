// The deployed models that a model asks, as far as its load tells: those of a pipeline.
#pragma once

#include <set>
#include <string>
#include <utility>

namespace plinth {

// Name and version, or label, which is empty where any may answer.
using Members = std::set<std::pair<std::string, std::string>>;

}  // namespace plinth
