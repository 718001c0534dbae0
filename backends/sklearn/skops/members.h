// The files in a skops archive, unpacked into the document.
#pragma once

#include <map>
#include <string_view>

#include "base/status.h"
#include "pickle/value.h"
#include "skops/zip.h"

namespace plinth::sklearn {

class Members {
 public:
  // Both must outlive this; the archive's bytes must lie in the document.
  Members(Document& document, const ZipArchive& archive) : document_(document), archive_(archive) {}

  // A file's contents, which the document keeps. A file that is asked for again is not unpacked
  // again. INVALID_MODEL if there is none, or it is damaged.
  Result<std::string_view> Read(std::string_view name);

  // The array in a .npy file.
  Result<Value*> ReadArray(std::string_view name);

  // The parts of a SciPy sparse matrix in a .npz file, which is an archive itself, as a dict of the
  // attributes that such a matrix has.
  Result<Value*> ReadSparse(std::string_view name);

 private:
  Document& document_;
  const ZipArchive& archive_;
  std::map<std::string_view, std::string_view> unpacked_;  // by the archive's own names
};

}  // namespace plinth::sklearn
