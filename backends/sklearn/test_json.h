// Recorded answers in JSON, for tests.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <vector>

#include "test_host.h"

namespace plinth::sklearn {

// All numbers of a list of lists of any depth, in order; null is NaN.
std::vector<double> Flatten(simdjson::dom::element value);

// The lengths of a list and of the lists in it.
std::vector<std::int64_t> ShapeOf(simdjson::dom::element value);

// Fails the test unless the output has the recorded shape and values. Numbers may be off by
// tolerance * max(1, abs(number)); whole numbers and strings must be equal and of the corresponding
// type.
void ExpectAnswer(simdjson::dom::element recorded, double tolerance, const TestOutput& actual);

}  // namespace plinth::sklearn
