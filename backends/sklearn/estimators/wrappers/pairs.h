// From one decision for each pair of classes, (0, 1), (0, 2), ..., (1, 2), ..., to the classes.
#pragma once

#include <cstddef>

namespace plinth::sklearn {

// How many pairs each class wins, where a decision above 0 is for the first of its pair.
void CountVotes(const double* pairs, std::size_t classes, double* votes);

// The same plus the sum of each class's decisions, made so small that it only orders classes with
// the same number of votes: scikit-learn's "ovr" decision function over libsvm's pairs.
void ScoreClasses(const double* pairs, std::size_t classes, double* scores);

}  // namespace plinth::sklearn
