// The norms of a vector by which rows are scaled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace plinth::sklearn {

enum class Norm : std::uint8_t { kL1, kL2, kMax };

// By scikit-learn's names for them: "l1", "l2", "max".
std::optional<Norm> FindNorm(std::string_view name);

double NormOf(Norm norm, const double* values, std::size_t n);

// Divides by the norm, unless that is 0: how scikit-learn scales the rows of a sparse matrix.
void ScaleToNorm(Norm norm, double* values, std::size_t n);

}  // namespace plinth::sklearn
