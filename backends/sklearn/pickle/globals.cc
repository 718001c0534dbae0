#include "pickle/globals.h"

#include <algorithm>
#include <array>
#include <utility>

#include "numeric/named_functions.h"

namespace plinth::sklearn {
namespace {

struct Entry {
  std::string_view name;
  Known known;
};

// Sorted by name: searched by bisection.
constexpr std::array kNames = {
    Entry{"_codecs.encode", Known::kEncode},
    Entry{"builtins.bool", Known::kNameOnly},
    Entry{"builtins.bytearray", Known::kBytes},
    Entry{"builtins.bytes", Known::kBytes},
    Entry{"builtins.complex", Known::kPlain},
    Entry{"builtins.dict", Known::kDict},
    Entry{"builtins.float", Known::kNameOnly},
    Entry{"builtins.frozenset", Known::kSet},
    Entry{"builtins.int", Known::kNameOnly},
    Entry{"builtins.list", Known::kList},
    Entry{"builtins.object", Known::kPlain},
    Entry{"builtins.range", Known::kPlain},
    Entry{"builtins.set", Known::kSet},
    Entry{"builtins.slice", Known::kPlain},
    Entry{"builtins.str", Known::kNameOnly},
    Entry{"builtins.tuple", Known::kTuple},
    Entry{"collections.OrderedDict", Known::kDict},
    Entry{"collections.defaultdict", Known::kDict},
    Entry{"copyreg.__newobj__", Known::kNewObject},
    Entry{"copyreg.__newobj_ex__", Known::kNewObject},
    Entry{"copyreg._reconstructor", Known::kReconstructor},
    Entry{"functools.partial", Known::kPlain},
    Entry{"joblib.numpy_pickle.NumpyArrayWrapper", Known::kArrayWrapper},
    Entry{"numpy.amax", Known::kNameOnly},
    Entry{"numpy.amin", Known::kNameOnly},
    Entry{"numpy.bool", Known::kNameOnly},
    Entry{"numpy.bool_", Known::kNameOnly},
    Entry{"numpy.core.memmap.memmap", Known::kNameOnly},
    Entry{"numpy.core.multiarray._reconstruct", Known::kReconstructArray},
    Entry{"numpy.core.multiarray.scalar", Known::kScalar},
    Entry{"numpy.core.numeric._frombuffer", Known::kFromBuffer},
    Entry{"numpy.dtype", Known::kDType},
    Entry{"numpy.float16", Known::kNameOnly},
    Entry{"numpy.float32", Known::kNameOnly},
    Entry{"numpy.float64", Known::kNameOnly},
    Entry{"numpy.int16", Known::kNameOnly},
    Entry{"numpy.int32", Known::kNameOnly},
    Entry{"numpy.int64", Known::kNameOnly},
    Entry{"numpy.int8", Known::kNameOnly},
    Entry{"numpy.matrix", Known::kNameOnly},
    Entry{"numpy.max", Known::kNameOnly},
    Entry{"numpy.mean", Known::kNameOnly},
    Entry{"numpy.median", Known::kNameOnly},
    Entry{"numpy.memmap", Known::kNameOnly},
    Entry{"numpy.min", Known::kNameOnly},
    Entry{"numpy.ndarray", Known::kNameOnly},
    Entry{"numpy.object_", Known::kNameOnly},
    Entry{"numpy.str_", Known::kNameOnly},
    Entry{"numpy.sum", Known::kNameOnly},
    Entry{"numpy.uint16", Known::kNameOnly},
    Entry{"numpy.uint32", Known::kNameOnly},
    Entry{"numpy.uint64", Known::kNameOnly},
    Entry{"numpy.uint8", Known::kNameOnly},
    Entry{"pandas.core.indexes.base._new_Index", Known::kIndex},
};
static_assert(std::ranges::is_sorted(kNames, {}, &Entry::name));

// Packages whose classes are kept as plain objects whatever their name: an estimator that is not
// known is refused by name where it is used, and one that is only mentioned (a loss, a parameter)
// does no harm.
constexpr std::string_view kDataPackages[] = {
    "sklearn.",      "scipy.",         "numpy.ma.",
    "numpy.random.", "joblib.memory.", "joblib._store_backends.",
    "xgboost.",      "lightgbm.",      "pandas.",
    "_loss.",  // how scikit-learn 1.4 to 1.7 call sklearn._loss._loss
};

// Prefixes that older versions used for the same thing.
constexpr std::array kAliases = {
    std::pair<std::string_view, std::string_view>{"__builtin__.", "builtins."},
    std::pair<std::string_view, std::string_view>{"copy_reg.", "copyreg."},
    std::pair<std::string_view, std::string_view>{"numpy._core.", "numpy.core."},
    std::pair<std::string_view, std::string_view>{"sklearn.externals.joblib.", "joblib."},
};

bool IsIdentifierPath(std::string_view path) {
  return std::ranges::all_of(path, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
  });
}

}  // namespace

std::string CanonicalName(std::string_view module, std::string_view name) {
  std::string path;
  path.reserve(module.size() + 1 + name.size());
  path.append(module).append(".").append(name);
  for (const auto& [old_prefix, new_prefix] : kAliases) {
    if (path.starts_with(old_prefix)) return path.replace(0, old_prefix.size(), new_prefix);
  }
  return path;
}

Known FindKnown(std::string_view canonical) {
  const auto found = std::ranges::lower_bound(kNames, canonical, {}, &Entry::name);
  if (found != kNames.end() && found->name == canonical) return found->known;
  if (!IsIdentifierPath(canonical)) return Known::kUnknown;
  if (FindFunction(canonical)) return Known::kNameOnly;
  for (std::string_view package : kDataPackages) {
    if (canonical.starts_with(package)) return Known::kPlain;
  }
  return Known::kUnknown;
}

std::string RefusalOf(std::string_view canonical) {
  constexpr std::size_t kShown = 200;
  std::string shown;
  for (char c : canonical.substr(0, kShown)) shown += (c >= ' ' && c < 0x7f) ? c : '?';
  if (canonical == "joblib.numpy_pickle.NDArrayWrapper" ||
      canonical == "joblib.numpy_pickle.ZNDArrayWrapper") {
    return "the file was written by joblib older than 0.10, which kept arrays in files of their "
           "own; load it in Python "
           "and save it again with a current joblib";
  }
  if (canonical.starts_with("pyarrow.")) {
    return "the pickle holds a pandas object that keeps its strings in pyarrow ('" + shown +
           "'); give a transformer its columns as a list, list(frame.columns), and save it again";
  }
  return "the pickle names '" + shown +
         "', which is not a known data class; nothing was executed. Only scikit-learn, NumPy and "
         "SciPy classes can be "
         "read: save the fitted scikit-learn estimator or Pipeline itself, without custom classes "
         "or functions";
}

}  // namespace plinth::sklearn
