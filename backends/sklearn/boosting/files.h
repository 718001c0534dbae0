// Model files of other libraries, which are not pickles: they are read as the state of the class
// that writes them, as a pickle would hold it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// The class whose model a file begins with ("xgboost.core.Booster", "lightgbm.basic.Booster");
// empty if it is none of them. A hundred bytes tell.
std::string_view ModelFileClass(std::string_view head);

// A document whose root is an object of the class, with the file's bytes as its handle.
Result<std::unique_ptr<Document>> ReadModelFile(std::string bytes, std::string_view model_class);

}  // namespace plinth::sklearn
