// A compiled form on disk: a folder with the files that a backend wrote and an index that tells
// what they must be. A form is read whole into memory and only then compared with its index, so
// what is used is what was checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/status.h"
#include "plinth/backend.h"

namespace plinth {

// A form in memory. Immutable.
class CompiledFiles {
 public:
  // NOT_FOUND if there is no such folder; INVALID_MODEL if it is not what was once written;
  // UNAVAILABLE if it cannot be read.
  static Result<std::shared_ptr<const CompiledFiles>> Read(const std::string& folder);

  // What the signature of the model was that the form was made of, as a hash.
  const std::string& signature() const { return signature_; }

  // In the order of their names; views into this object.
  const std::vector<plinth_compiled_file>& files() const { return files_; }

 private:
  std::string signature_;
  std::vector<std::string> names_;
  std::vector<Buffer> contents_;
  std::vector<plinth_compiled_file> files_;
};

// The bytes of a folder's regular files, 0 if it cannot be read.
std::uint64_t BytesIn(const std::string& folder);

// Writes the index of a folder whose files are complete. FAILED_PRECONDITION if it holds no file,
// or something that a form cannot hold; UNAVAILABLE if it cannot be written.
Status WriteIndex(const std::string& folder, const std::string& signature);

}  // namespace plinth
