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

// How many bytes a file of `size` compressed bytes may honestly become. More is taken for a
// decompression bomb.
std::size_t DecompressedLimit(std::size_t size);

// The content, or the bytes as they are if they are not compressed. INVALID_MODEL if the data is
// damaged, truncated, or becomes larger than `limit`; never holds more than `limit` bytes and one
// chunk.
Result<std::string> Decompress(std::string bytes, std::size_t limit);

}  // namespace plinth::sklearn
