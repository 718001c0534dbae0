// The fixed list of names that a pickle may mention. A pickle calls things by name; nothing here is
// ever called: each known name says which plain data its "call" stands for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace plinth::sklearn {

// What applying a name to arguments gives.
enum class Known : std::uint8_t {
  kPlain,             // an object of that class, with its arguments and state kept as they are
  kNameOnly,          // a type that is only ever mentioned, never applied
  kUnknown,           // harmless where it is only mentioned, as a parameter; refused if applied
  kReconstructArray,  // numpy.core.multiarray._reconstruct: an array whose contents follow by BUILD
  kFromBuffer,        // numpy.core.numeric._frombuffer: an array from bytes (protocol 5)
  kIndex,             // pandas.core.indexes.base._new_Index: the names of a table's columns
  kScalar,            // numpy.core.multiarray.scalar
  kDType,             // numpy.dtype
  kArrayWrapper,      // joblib's note that an array's bytes follow in the stream
  kReconstructor,     // copyreg._reconstructor: an object of the class given as argument
  kNewObject,         // copyreg.__newobj__ and __newobj_ex__: the same
  kEncode,            // _codecs.encode(str, 'latin1'): bytes, as protocols below 3 write them
  kBytes,             // bytes, bytearray
  kList,
  kTuple,
  kSet,
  kDict,  // dict, OrderedDict, defaultdict
};

// "module" and "name" as one path with the aliases of older Pythons and NumPys resolved:
// __builtin__ -> builtins, copy_reg -> copyreg, numpy._core -> numpy.core, ...
std::string CanonicalName(std::string_view module, std::string_view name);

// What a canonical name stands for.
Known FindKnown(std::string_view canonical);

// Why an unknown name is refused, for the user.
std::string RefusalOf(std::string_view canonical);

}  // namespace plinth::sklearn
