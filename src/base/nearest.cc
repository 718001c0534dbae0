#include "base/nearest.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace plinth {
namespace {

constexpr std::size_t kMost = 64;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The Levenshtein distance. Requires both at most kMost characters long.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::array<std::size_t, kMost + 1> row;
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view NearestOf(std::string_view word, std::span<const std::string_view> known) {
  word = word.substr(0, kMost);
  std::string_view best;
  std::size_t best_distance = kMost;
  for (const std::string_view candidate : known) {
    const std::string_view start = candidate.substr(0, kMost);
    const std::size_t distance = Distance(word, start);
    const std::size_t most = (std::max(word.size(), start.size()) + 2) / 3;
    if (distance <= most && distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view near = NearestOf(word, known);
  if (near.empty()) return "";
  return "; did you mean '" + std::string(near) + "'?";
}

}  // namespace plinth
