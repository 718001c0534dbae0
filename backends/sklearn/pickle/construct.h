// What applying a known name to arguments, and giving state to an object, stand for: the data that
// Python would have built.
#pragma once

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// The name of a class or function, as a kGlobal. INVALID_MODEL if it is longer than any honest one.
Result<Value*> NameValue(Document& document, std::string_view module, std::string_view name);

// callable(*args): REDUCE, and NEWOBJ where the callable is a class. `args` must be a tuple.
// INVALID_MODEL if the callable is not a name, or is not one that may be applied, or the arguments
// do not fit.
Result<Value*> Apply(Document& document, const Value& callable, const Value& args);

// BUILD: gives `object` its state. Fills arrays and dtypes; keeps the state of other objects as it
// is.
Status SetState(Document& document, Value& object, const Value& state);

// The shape that a tuple of whole numbers describes.
Result<std::vector<std::size_t>> ToShape(const Value& value);

// An array over `data`, whose length must be exactly what dtype and shape ask for.
Result<Array> MakeArray(const DType& dtype, std::vector<std::size_t> shape, bool fortran,
                        std::string_view data);

// An array of objects.
Result<Array> MakeObjectArray(const DType& dtype, std::vector<std::size_t> shape, bool fortran,
                              const std::vector<Value*>& objects);

// The error for a document that would grow out of proportion to its stream.
std::unexpected<Error> BudgetSpent();

}  // namespace plinth::sklearn
