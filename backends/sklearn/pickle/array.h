// Reading the elements of NumPy arrays, whatever their type, byte order and memory order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// Reads "f8", "<i4", "|b1", "U5", "V56", "O8" ... without fields. INVALID_MODEL if it is not a type
// that numpy has.
Result<DType> ParseDType(std::string_view text);

// shape's product; nothing if it is over `limit`.
bool CountElements(const std::vector<std::size_t>& shape, std::size_t limit, std::size_t& count);

// All numbers in row-major order: bool, integers, floats, and objects that are Python numbers.
// INVALID_MODEL for any other element type.
Result<std::vector<double>> ToDoubles(const Array& array);

// The same for whole numbers. Floats are an error.
Result<std::vector<std::int64_t>> ToInts(const Array& array);

// Strings in row-major order, as UTF-8: kinds U and S, and objects that are str or bytes.
Result<std::vector<std::string>> ToStrings(const Array& array);

// One field of a structured array as numbers, in memory order (for arrays of one dimension: the
// order).
Result<std::vector<double>> FieldToDoubles(const Array& array, std::string_view field);
Result<std::vector<std::int64_t>> FieldToInts(const Array& array, std::string_view field);

// The scalar that one element of that type holds, as a Python number, str or bytes. Null if the
// document's budget is spent or the type has no scalar.
Value* ScalarFromBytes(Document& document, const DType& dtype, std::string_view bytes);

}  // namespace plinth::sklearn
