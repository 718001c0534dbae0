// The pickle machine: reads one pickle of protocol 0 to 5 from a stream and builds the data that it
// describes.
//
// A pickle is a program for a small stack machine. This one has the same stack, marks and memo as
// Python's, but where Python looks up a name and calls it, this one looks the name up in a fixed
// table (globals.h) and builds plain data (construct.h). It is a loop, not a recursion, so nesting
// costs no stack; every length is checked against what is left of the stream before it is used;
// every value is charged to the document's budget.
//
// joblib files are pickles in which the bytes of an array follow the note (a NumpyArrayWrapper)
// that describes it.
#pragma once

#include "base/status.h"
#include "pickle/value.h"

namespace plinth::sklearn {

// Reads the document's bytes as one pickle or joblib stream and sets its root. Bytes after the end
// are ignored, as Python does. INVALID_MODEL, saying what and at which byte, for everything that is
// not a pickle of known data.
Status ReadPickle(Document& document);

}  // namespace plinth::sklearn
