// The parameters that all of scikit-learn's vectorizers of text have.
#pragma once

#include "estimators/fitted.h"
#include "text/analyzer.h"

namespace plinth::sklearn {

// Fails in `fitted` where a parameter is a Python function, which cannot be run, or is not known.
AnalyzerSettings ReadAnalyzer(Fitted& fitted);

// A map from terms to columns 0, 1, ...: a dict of them, a list, or a set, whose columns are in the
// order of the terms.
Vocabulary ReadVocabulary(Fitted& fitted, const Value& value, std::string_view name);

// The text in row i of a batch whose one column is of strings. INVALID_ARGUMENT if it is missing or
// is not UTF-8.
Result<std::string_view> DocumentOf(const Batch& batch, std::size_t i, std::string_view reader);

}  // namespace plinth::sklearn
