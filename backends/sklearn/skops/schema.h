// skops' file format: a ZIP archive of a schema.json, which describes the object as nodes, and the
// arrays that it refers to, as NumPy's and SciPy's files.
//
// The nodes become the same Values that a pickle of the object would, so that every reader of
// fitted state serves both. As with pickles, nothing is ever called, and names that are not known
// are refused where they would make an object.
#pragma once

#include "base/status.h"
#include "pickle/value.h"
#include "skops/zip.h"

namespace plinth::sklearn {

// Reads the archive, which lies in the document, and sets the document's root. INVALID_MODEL if it
// is not what skops writes.
Status ReadSkops(Document& document, const ZipArchive& archive);

}  // namespace plinth::sklearn
