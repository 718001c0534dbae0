// What ensembles of whole estimators share: their members are all given the same X.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "estimators/fitted.h"

namespace plinth::sklearn {

// Reads the list of fitted estimators in an attribute; at least one. `width`: how many columns each
// is given, 0 if that is not known.
std::vector<EstimatorPtr> ReadMembers(Fitted& fitted, std::string_view name, std::size_t width);

// Takes into `types` what a member wants of the columns that it is given; empty: all in order.
void MergeTypes(const Traits& member, std::span<const std::size_t> columns,
                std::vector<ColumnType>& types);

// Says what X an ensemble takes: what its members take. Fails if they take different numbers of
// columns.
void DescribeInputs(Fitted& fitted, std::span<const EstimatorPtr> members, Traits& traits);

// For each class of a member, which of `classes` it is. Fails if it is none of them, or the member
// is not a classifier of one target. `classes` are as numpy.unique() gives them: sorted.
std::vector<std::int32_t> MatchClasses(Fitted& fitted, const Traits& member,
                                       const Classes& classes);

// The same where the member was trained on the numbers of the classes, 0 to `count` - 1.
std::vector<std::int32_t> ClassNumbers(Fitted& fitted, const Traits& member, std::size_t count);

// The classes 0 to `count` - 1.
Classes NumberedClasses(std::size_t count);

}  // namespace plinth::sklearn
