// Undoing the compression that joblib (or gzip.open and its like) put around a pickle.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace plinth::sklearn {

enum class Compression { kNone, kZlib, kGzip, kBzip2, kXz, kLzma, kLz4 };

// Tells the format by its first bytes.
Compression DetectCompression(std::string_view bytes);

// How many bytes the first `size` bytes of a compressed file may honestly become. More is taken for
// a decompression bomb. Asked while the file is read: what stands further behind, and may be there
// for its size only, does not count.
std::size_t DecompressedLimit(std::size_t size);

// The content, or the bytes as they are if they are not compressed. INVALID_MODEL if the data is
// damaged, truncated, or its content at any point larger than DecompressedLimit() of what has been
// read.
Result<std::string> Decompress(std::string bytes);

}  // namespace plinth::sklearn
