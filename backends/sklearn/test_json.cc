#include "test_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace plinth::sklearn {
namespace {

using simdjson::dom::element;

void Collect(element value, std::vector<double>& numbers) {
  if (value.is_array()) {
    for (element item : value.get_array()) Collect(item, numbers);
  } else {
    numbers.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                      : value.get_double().value());
  }
}

void ExpectNumbers(const std::vector<double>& expected, double tolerance,
                   const std::vector<double>& actual) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(actual[i])) << "at " << i;
    } else {
      EXPECT_NEAR(actual[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i])))
          << "at " << i;
    }
  }
}

// The first value that is not a list.
element FirstOf(element value) {
  while (value.is_array()) value = value.at(0);
  return value;
}

}  // namespace

std::vector<double> Flatten(element value) {
  std::vector<double> numbers;
  Collect(value, numbers);
  return numbers;
}

std::vector<std::int64_t> ShapeOf(element value) {
  std::vector<std::int64_t> shape;
  for (; value.is_array(); value = value.at(0)) {
    shape.push_back(static_cast<std::int64_t>(value.get_array().size()));
  }
  return shape;
}

void ExpectAnswer(element recorded, double tolerance, const TestOutput& actual) {
  EXPECT_EQ(actual.shape, ShapeOf(recorded));
  const element first = FirstOf(recorded);
  if (first.is_string()) {
    ASSERT_EQ(actual.dtype, PLINTH_BYTES);
    std::vector<std::string> expected;
    for (element label : recorded.get_array()) expected.emplace_back(label.get_string().value());
    EXPECT_EQ(actual.strings, expected);
  } else if (first.is_int64()) {
    ASSERT_EQ(actual.dtype, PLINTH_INT64);
    std::vector<std::int64_t> expected;
    for (element label : recorded.get_array()) expected.push_back(label.get_int64());
    EXPECT_EQ(actual.ints, expected);
  } else {
    ASSERT_EQ(actual.dtype, PLINTH_FP64);
    ExpectNumbers(Flatten(recorded), tolerance, actual.numbers);
  }
}

}  // namespace plinth::sklearn
